/* draw.c - the states of a task and of a cancel, drawn for the manual
 *
 * Usage: draw PAGE. Prints the page with what stands between `.\" drawn: NAME`
 * and `.\" end` made anew out of the tables of state.c, so that the manual
 * cannot say anything else. tests/lint/drawing.sh compares. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "task/state.h"

enum { LANES = 16, LINE = 256 };

static const char *const task_events[] = {
	[TASK_EV_SEND] = "sent to its agent",
	[TASK_EV_START] = "has started",
	[TASK_EV_REFUSE] = "refused",
	[TASK_EV_SUCCEED] = "ended well",
	[TASK_EV_FAIL] = "ended badly, or lost",
	[TASK_EV_NEVER_STARTED] = "cancelled, never ran",
	[TASK_EV_STOPPED] = "cancelled, verified",
};

static const char *const cancel_events[] = {
	[CANCEL_EV_REQUEST] = "asked for",
	[CANCEL_EV_DELIVER] = "the node has it",
	[CANCEL_EV_STOP] = "stop signal",
	[CANCEL_EV_KILL] = "SIGKILL",
	[CANCEL_EV_STUCK] = "still alive",
	[CANCEL_EV_VERIFY] = "nothing is left",
	[CANCEL_EV_MISS] = "had ended",
	[CANCEL_EV_LOSE] = "node is lost",
};

struct graph {
	const char *name;
	int n_states, n_events, width; /* of a lane */
	const char *(*state)(int state);
	const char *const *events;
	int (*move)(int from, int event); /* -1: it cannot happen */
};

static const char *
task_state(int state)
{
	return task_status_name((enum task_status)state);
}

static int
move_task(int from, int event)
{
	enum task_status status = (enum task_status)from;

	return task_move(&status, (enum task_event)event) == STATE_OK
		       ? (int)status
		       : -1;
}

static const char *
cancel_state(int state)
{
	return cancel_phase_name((enum cancel_phase)state);
}

static int
move_cancel(int from, int event)
{
	enum cancel_phase phase = (enum cancel_phase)from;

	return cancel_move(&phase, (enum cancel_event)event) == STATE_OK
		       ? (int)phase
		       : -1;
}

static const struct graph graphs[] = {
	{ "tasks", TASK_CANCELLED + 1, ARRAY_SIZE(task_events), 9, task_state,
		task_events, move_task },
	{ "cancels", CANCEL_UNDELIVERABLE + 1, ARRAY_SIZE(cancel_events), 7,
		cancel_state, cancel_events, move_cancel },
};

/* A minus of roff stays one. */
static void
put_line(const char *line)
{
	for (; *line; line++)
		(void)fputs(
			*line == '-' ? "\\-" : (char[]){ *line, 0 }, stdout);
	(void)putchar('\n');
}

static void
put_at(char *line, int column, const char *text)
{
	memcpy(line + column, text, strlen(text));
}

static void
blank(char *line)
{
	memset(line, ' ', LINE - 1);
	line[LINE - 1] = 0;
}

static void
put_trimmed(char *line)
{
	size_t n = LINE - 1;

	while (n && line[n - 1] == ' ')
		n--;
	line[n] = 0;
	put_line(line);
}

/* Names in turn on two lines: they are wider than their lanes. */
static void
draw_names(const struct graph *g)
{
	char line[LINE];

	for (int odd = 0; odd < 2; odd++) {
		blank(line);
		for (int s = 1 - odd; s < g->n_states; s += 2)
			put_at(line, s * g->width, g->state(s));
		put_trimmed(line);
	}
}

/* One line for all moves that an event makes to one state: o where it begins,
 * > before where it ends. */
static void
draw_moves(const struct graph *g, int event, int to)
{
	bool begins[LANES] = { 0 }, any = false;
	char line[LINE];
	int first = to;

	blank(line);
	for (int s = g->n_states - 1; s >= 0; s--) {
		begins[s] = g->move(s, event) == to;
		any |= begins[s];
		if (begins[s] && s < first)
			first = s;
	}
	if (!any)
		return;
	memset(line + first * g->width, '-', (size_t)((to - first) * g->width));
	for (int s = 0; s < g->n_states; s++)
		if (begins[s])
			line[s * g->width] = 'o';
		else if (s < first || s >= to)
			line[s * g->width] = '|';
	if (to > first)
		line[to * g->width - 1] = '>';
	put_at(line, (g->n_states - 1) * g->width + 3, g->events[event]);
	put_trimmed(line);
}

static void
draw(const struct graph *g)
{
	draw_names(g);
	for (int event = 0; event < g->n_events; event++)
		for (int to = 0; to < g->n_states; to++)
			draw_moves(g, event, to);
}

static const struct graph *
graph_of(const char *line)
{
	static const char mark[] = ".\\\" drawn: ";

	if (strncmp(line, mark, sizeof mark - 1) != 0)
		return NULL;
	line += sizeof mark - 1;
	for (size_t i = 0; i < ARRAY_SIZE(graphs); i++)
		if (strncmp(line, graphs[i].name, strcspn(line, "\n")) == 0)
			return &graphs[i];
	return NULL;
}

int
main(int argc, char **argv)
{
	FILE *page = argc == 2 ? fopen(argv[1], "re") : NULL;
	const struct graph *g;
	bool old = false;
	char line[LINE];

	if (!page) {
		(void)fprintf(stderr, "usage: draw PAGE\n");
		return EXIT_FAILURE;
	}
	while (fgets(line, sizeof line, page)) {
		if (strcmp(line, ".\\\" end\n") == 0)
			old = false;
		if (!old)
			(void)fputs(line, stdout);
		g = graph_of(line);
		if (!g)
			continue;
		(void)puts(".Bd -literal");
		draw(g);
		(void)puts(".Ed");
		old = true;
	}
	(void)fclose(page); /* it was only read */
	return EXIT_SUCCESS;
}
