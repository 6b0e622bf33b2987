/* remains.c - is anything left of the tasks of an executor that died? */
#include "executor/remains.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "executor/abandoned.h"
#include "executor/leftovers.h"
#include "executor/scratch.h"
#include "executor/task.h"

enum {
	NAMED = 8, /* survivors */
	AGAIN_MS = 10, /* then doubling */
	AGAIN_MAX_MS = 1000,
	TEXT = 512,
};

struct remains {
	struct executor *ex;
	struct loop_timer *timer;
	bool there, folders;
	bool looked; /* once: now it is too late to say that something is left */
	bool said; /* that we wait */
	char outside[TEXT / 2]; /* the plugin's words; "": nothing */
	int64_t begun_ms, again_ms;
};

/* Two lists of who is alive become one text; "" when there is nobody. */
static void
name_all(const struct remains *r, char text[TEXT])
{
	struct group_member alive[NAMED];
	int n = holds_sweep(r->ex, alive, ARRAY_SIZE(alive));
	size_t len = 0;

	if (n == 0 && r->folders)
		n = leftovers_stroke(
			scratch_path(r->ex->scratch), alive, ARRAY_SIZE(alive));
	text[0] = 0;
	for (int i = 0; i < n && i < NAMED; i++)
		len += (size_t)snprintf(text + len, TEXT - len,
			"%s%d (%s) state %c", i ? ", " : "", (int)alive[i].pid,
			alive[i].name, alive[i].state);
	if (n > NAMED)
		len += (size_t)snprintf(
			text + len, TEXT - len, " and %d more", n - NAMED);
	if (n < 0)
		len += (size_t)snprintf(text + len, TEXT - len,
			"it cannot be seen who: %s", err_name(-n));
	if (*r->outside)
		(void)snprintf(text + len, TEXT - len, "%s%s", n ? "; " : "",
			r->outside);
}

static void
over(struct remains *r)
{
	r->there = false;
	abandoned_start(r->ex);
	if (r->ex->asked)
		session_attach(r->ex);
}

static void
look(void *arg)
{
	struct remains *r = arg;
	int64_t waited = clock_ms() - r->begun_ms;
	char text[TEXT];

	name_all(r, text);
	if (!*text) {
		if (r->said)
			log_info("nothing is left of the tasks of an earlier "
				 "executor, after %lld ms",
				(long long)waited);
		over(r);
	} else if (waited >= r->ex->opt.remains_ms) {
		log_error(0,
			"tasks of an earlier executor are told to be over, "
			"though they are not after %lld ms: %s",
			(long long)waited, text);
		over(r);
	} else {
		if (!r->said)
			log_warn(0,
				"tasks of an earlier executor are not over, "
				"and no others are taken before that: %s",
				text);
		r->said = true;
		loop_timer_set(r->timer, r->again_ms);
		r->again_ms *= 2;
		if (r->again_ms > AGAIN_MAX_MS)
			r->again_ms = AGAIN_MAX_MS;
	}
}

void
remains_look(struct remains *r, bool folders)
{
	r->looked = true;
	r->folders = folders;
	r->begun_ms = clock_ms();
	r->again_ms = AGAIN_MS;
	look(r);
}

void
remains_outside(struct remains *r, const char *what)
{
	if (what && r->looked && !*r->outside)
		return; /* it is too late for news */
	(void)snprintf(r->outside, sizeof r->outside, "%s", what ? what : "");
	if (r->looked && r->there) /* not from within the plugin */
		loop_timer_set(r->timer, 0);
}

bool
remains_are_there(const struct remains *r)
{
	return r->there;
}

struct remains *
remains_new(struct executor *ex)
{
	struct remains *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->ex = ex;
	r->there = true; /* until we have looked */
	r->timer = loop_timer_new(ex->loop, look, r);
	if (!r->timer)
		free(TAKE(r));
	return r;
}

void
remains_free(struct remains *r)
{
	if (!r)
		return;
	loop_timer_free(r->timer);
	free(r);
}
