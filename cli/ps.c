/* ps.c - nodelink ps, nodelink tasks: which tasks there are */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/http.h"
#include "cli/list.h"
#include "cli/look.h"
#include "cli/record.h"
#include "cli/verb.h"
#include "cli/when.h"

enum { WATCH_MS = 1000, STATUS_TEXT = 80 };

static const struct conf_item items[] = {
	{ .key = "all",
		.flag = "all",
		.short_flag = 'a',
		.type = CONF_BOOL,
		.help = "those that have ended, too" },
	{ .key = "agent",
		.flag = "agent",
		.arg = "AGENT",
		.help = "only on this agent" },
	{ .key = "status",
		.flag = "status",
		.arg = "STATUS",
		.help = "pending, sent, in_progress, completed, failed or "
			"cancelled" },
	{ .key = "label",
		.flag = "label",
		.short_flag = 'l',
		.arg = "NAME[=VALUE]",
		.many = true,
		.help = "only with this label; may be given again" },
	{ .key = "plugin",
		.flag = "plugin",
		.arg = "NAME",
		.help = "only of this plugin" },
	{ .key = "owner",
		.flag = "owner",
		.arg = "CLIENT",
		.help = "only of this client" },
	{ .key = "limit",
		.flag = "limit",
		.short_flag = 'n',
		.type = CONF_INT,
		.fallback = "1000",
		.max = 1000000,
		.help = "at most so many, the newest; 0: all" },
	{ .key = "quiet",
		.flag = "quiet",
		.short_flag = 'q',
		.type = CONF_BOOL,
		.help = "print ids only" },
	{ .key = "watch",
		.flag = "watch",
		.short_flag = 'w',
		.type = CONF_BOOL,
		.help = "show it again each second, until Ctrl-C" },
};

/* ------------------------------------------------------------------ question */

static int
make_path(const struct conf *conf, struct buf *path, struct err *err)
{
	static const char *const filters[][2] = { { "agent", "agent_id" },
		{ "plugin", "plugin" }, { "owner", "owner" } };
	const char *status = conf_text(conf, "status");
	char *const *labels;
	size_t n = conf_texts(conf, "label", &labels);
	int r = buf_add_text(path, "/tasks");

	if (!status && !conf_bool(conf, "all"))
		status = "unfinished";
	if (r == 0)
		r = list_query(path, "status", status);
	for (size_t i = 0; i < ARRAY_SIZE(filters) && r == 0; i++)
		r = list_query(
			path, filters[i][1], conf_text(conf, filters[i][0]));
	for (size_t i = 0; i < n && r == 0; i++)
		r = list_query(path, "label", labels[i]);
	return r < 0 ? err_set(err, -ENOMEM, "out of memory") : 0;
}

/* -------------------------------------------------------------------- picture */

enum { TASK, AGENT, STATUS, AGE, TOOK, WHAT, COLUMNS };

static const struct table_column columns[COLUMNS] = {
	[TASK] = { .title = "TASK" },
	[AGENT] = { .title = "AGENT" },
	[STATUS] = { .title = "STATUS" },
	[AGE] = { .title = "AGE", .right = true },
	[TOOK] = { .title = "TIME", .right = true },
	[WHAT] = { .title = "WHAT", .gives = true },
};

/* Its status, and what makes it special. */
static const char *
status_of(const json_t *task, char out[STATUS_TEXT])
{
	const char *status = http_text(task, "status");
	const json_t *cancel = record_object(task, "cancel");
	const char *phase = http_text(cancel, "phase");
	const char *sig = http_text(task, "signal");
	const char *failure = http_text(task, "failure");

	if (strcmp(status, "in_progress") == 0 && cancel)
		(void)snprintf(out, STATUS_TEXT, "%s",
			strcmp(phase, "unkillable") == 0 ? phase
							 : "cancelling");
	else if (strcmp(status, "failed") != 0)
		(void)snprintf(out, STATUS_TEXT, "%s", status);
	else if (record_has(task, "exit_code"))
		(void)snprintf(out, STATUS_TEXT, "failed (%" PRIi64 ")",
			record_number(task, "exit_code"));
	else
		(void)snprintf(
			out, STATUS_TEXT, "failed (%s)", *sig ? sig : failure);
	return out;
}

static int
add_task(struct table *table, const json_t *task, int64_t now,
	const struct term *term)
{
	const char *plugin = http_text(task, "plugin");
	int64_t started = record_time(task, "started_at");
	int64_t ended = record_time(task, "finished_at");
	char status[STATUS_TEXT], age[WHEN_TEXT], took[WHEN_TEXT] = "";
	AUTO_BUF struct buf what = { 0 };
	struct table_cell cells[COLUMNS] = {
		[TASK] = { .text = http_text(task, "task_id") },
		[AGENT] = { .text = http_text(task, "agent_id") },
		[STATUS] = { .text = status_of(task, status) },
		[AGE] = { .text = age },
		[TOOK] = { .text = took },
	};
	int r = 0;

	if (strcmp(plugin, "shell") != 0)
		r = buf_printf(&what, "%s: ", plugin);
	if (r == 0)
		r = look_what(&what, task);
	if (r < 0)
		return r;
	when_age(now - record_time(task, "created_at"), age);
	if (started)
		when_span((ended ? ended : now) - started, took);
	cells[STATUS].style = term_style(
		term, strcmp(status, "unkillable") == 0
			      ? TERM_RED
			      : look_status(http_text(task, "status")));
	cells[WHAT].text = buf_text(&what);
	return table_row(table, cells);
}

static const struct look_list all_tasks = { columns, COLUMNS, add_task };

/* ------------------------------------------------------------------- once */

static void
say_none(const struct conf *conf)
{
	if (conf_is_set(conf, "all") || conf_is_set(conf, "status"))
		say("no such tasks");
	else
		say("no such tasks are unfinished; --all shows those that "
		    "have ended");
}

static int
show_once(
	struct verb_call *call, const json_t *tasks, bool more, struct err *err)
{
	const json_t *task;
	size_t i;
	int r = 0;

	if (call->json)
		return verb_print_json(tasks, err);
	if (conf_bool(call->conf, "quiet")) {
		json_array_foreach(tasks, i, task)
		{
			if (r == 0)
				r = look_line(
					err, "%s", http_text(task, "task_id"));
		}

	} else if (json_array_size(tasks)) {
		r = look_list(&all_tasks, tasks, &call->out, err);
	} else {
		say_none(call->conf);
	}
	if (r == 0 && more && !conf_is_set(call->conf, "limit"))
		say("these are the newest %zu; --limit 0 shows all",
			json_array_size(tasks));
	return r;
}

/* ------------------------------------------------------------------- watching */

/* Written over the picture before, line by line, so that nothing flickers. */
static void
draw(const struct verb_call *call, const struct buf *picture)
{
	unsigned left = term_height(&call->out);
	const char *line = buf_text(picture);

	(void)fputs("\x1b[?7l\x1b[H", stdout); /* long lines do not wrap */
	while (*line && left > 1) {
		size_t n = strcspn(line, "\n");

		(void)printf("%.*s\x1b[K\n", (int)n, line);
		line += n + (line[n] == '\n');
		left--;
	}
	(void)fputs("\x1b[J\x1b[?7h", stdout);
	(void)fflush(stdout); /* main.c checks */
}

static int
make_picture(const struct verb_call *call, const json_t *tasks, bool more,
	const char *trouble, struct buf *out, struct err *err)
{
	AUTO(table_free) struct table *table = NULL;
	char now[CLOCK_TEXT];
	int r = look_rows(&all_tasks, tasks, &call->out, &table, err);

	if (r == 0)
		r = buf_printf(out, "%s%zu%s tasks at %s  ",
			term_style(&call->out, TERM_DIM),
			json_array_size(tasks), more ? " or more" : "",
			clock_text(clock_wall_ms(), now));
	if (r == 0)
		r = term_safe(out, trouble);
	if (r == 0)
		r = buf_printf(
			out, "%s\n\n", term_style(&call->out, TERM_PLAIN));
	if (r == 0 && json_array_size(tasks))
		r = look_table(out, table, &call->out);
	return r < 0 ? err_set(err, r, "out of memory") : 0;
}

/* A server that cannot be reached may come back: the last list stays. */
static int
watch(struct verb_call *call, struct http *http, const char *path,
	json_t *take_tasks, bool more, struct err *err)
{
	AUTO(json_decref) json_t *tasks = take_tasks;
	size_t limit = (size_t)conf_number(call->conf, "limit");
	struct err trouble = { "" };
	int r = 0;

	while (r == 0 || http_away(r)) {
		AUTO_BUF struct buf picture = { 0 };
		json_t *news = NULL;

		r = make_picture(
			call, tasks, more, trouble.text, &picture, err);
		if (r < 0)
			return r;
		draw(call, &picture);
		r = http_turn(http, NULL, 0, WATCH_MS, err);
		if (r < 0)
			return r;
		*trouble.text = 0;
		r = list_tasks(http, path, limit, &news, &more, &trouble);
		if (r == 0) {
			json_decref(tasks);
			tasks = news;
		}
	}
	return err_set(err, r, "%s", trouble.text);
}

static int
run(struct verb_call *call, struct err *err)
{
	AUTO(http_free) struct http *http = NULL;
	AUTO(json_decref) json_t *tasks = NULL;
	AUTO_BUF struct buf path = { 0 };
	bool more, watches = conf_bool(call->conf, "watch");
	int r = make_path(call->conf, &path, err);

	if (watches && (call->json || !call->out.live))
		return err_set(err, -EINVAL,
			"--watch shows a picture on a terminal; for programs "
			"there is --json without it");
	if (r == 0)
		r = http_new(&call->context, &http, err);
	if (r == 0)
		r = list_tasks(http, buf_text(&path),
			(size_t)conf_number(call->conf, "limit"), &tasks, &more,
			err);
	if (r < 0)
		return r;
	return watches ? watch(call, http, buf_text(&path), TAKE(tasks), more,
				 err)
		       : show_once(call, tasks, more, err);
}

const struct verb verb_ps = {
	.name = "ps",
	.group = "Tasks",
	.summary = "Lists tasks: those that are unfinished, or --all.",
	.items = items,
	.n_items = ARRAY_SIZE(items),
	.page = "nodelink-ps(1)",
	.run = run,
};

const struct verb verb_tasks = {
	.name = "tasks",
	.group = "Tasks",
	.summary = "The same as ps.",
	.items = items,
	.n_items = ARRAY_SIZE(items),
	.page = "nodelink-ps(1)",
	.run = run,
};
