/* task.c - what is to be done next for a container */
#include "task.h"

#include <errno.h>
#include <string.h>

enum {
	DELAY_FIRST_MS = 100,
	DELAY_MAX_MS = 5000,
	KILL_AGAIN_MS = 1000,
	FLOW_END_MS = 10000, /* for the last output after the end */
	STUCK_MS = 3000, /* of the 5 s that the host gives */
	REFUSALS = 5,
	SWEEP_LATER_MS = 10000,
};

static struct task *all;

/* ------------------------------------------------------------------ timers */

static void
drop_timer(int64_t *id)
{
	if (*id)
		host->drop(host, *id);
	*id = 0;
}

static void
set_timer(struct task *t, int64_t *id, int64_t delay_ms, ndl_fn *fn)
{
	if (*id)
		return;
	*id = host->timer(host, t->task, delay_ms, fn, t);
	if (*id < 0) { /* out of memory: the cancel will still come */
		host->log(host, t->task, NDL_ERROR, "no timer");
		*id = 0;
	}
}

static void
kicked(void *arg)
{
	struct task *t = arg;

	t->kick = 0;
	task_step(t);
}

void
task_kick(struct task *t)
{
	set_timer(t, &t->kick, 0, kicked);
}

static void
look_again(void *arg)
{
	struct task *t = arg;

	t->timer = 0;
	t->seen = SEEN_UNKNOWN;
	task_step(t);
}

void
task_look_later(struct task *t, int64_t delay_ms)
{
	if (!delay_ms) {
		t->delay_ms = t->delay_ms ? t->delay_ms * 2 : DELAY_FIRST_MS;
		if (t->delay_ms > DELAY_MAX_MS)
			t->delay_ms = DELAY_MAX_MS;
		delay_ms = t->delay_ms;
	}
	set_timer(t, &t->timer, delay_ms, look_again);
}

void
task_news(struct task *t)
{
	drop_timer(&t->timer);
	task_step(t);
}

/* ---------------------------------------------------------------- commands */

void
task_ask(struct task *t, const char *doing, const struct request *how)
{
	t->doing = doing;
	t->since = host->now_ms(host);
	t->command = engine_call(how);
	if (t->command)
		return;
	(void)snprintf(
		t->trouble, sizeof t->trouble, "%s: out of memory", doing);
	task_look_later(t, 0);
}

bool
task_answered(struct task *t, const struct answer *a)
{
	char text[400];

	t->command = NULL;
	if (a->status) {
		state_message(a->body, a->len, text, sizeof text);
		if (a->status >= 400)
			(void)snprintf(t->trouble, sizeof t->trouble,
				"%s: %s (%ld)", t->doing, text, a->status);
		t->delay_ms = 0;
		return true;
	}
	(void)snprintf(t->trouble, sizeof t->trouble, "%s: engine at '%s': %s",
		t->doing, engine_socket(), a->text);
	ndl_logf(host, t->task, NDL_WARN, "%s", t->trouble);
	/* An engine can hang because of output that is not taken: let go. */
	if (a->error == ETIMEDOUT && t->flow) {
		call_drop(t->flow);
		t->flow = NULL;
		t->interrupted = true;
	}
	t->seen = SEEN_UNKNOWN;
	task_look_later(t, 0);
	return false;
}

void
task_failed(struct task *t, int error, const char *failure, const char *why)
{
	if (t->error)
		return; /* the first reason is the reason */
	t->error = error;
	t->failure = failure;
	t->refusals = 0;
	(void)snprintf(t->why, sizeof t->why, "%s", why);
}

/* -------------------------------------------------------------------- steps */

static void
begin(struct task *t)
{
	if (t->want != WANT_RUN || t->error)
		verdict_tell(t);
	else if (!t->reached)
		make_ping(t);
	else if (t->spec.pull_always && !t->pulled)
		make_pull(t);
	else
		make_create(t);
}

static void
created(struct task *t)
{
	/* Never twice: the first start may come to pass yet. */
	if (t->start_sent)
		task_failed(t, EIO, "unknown",
			"the engine's answer to the start was lost");
	if (t->want != WANT_RUN || t->error)
		look_remove(t);
	else if (!t->wait || !t->flow)
		streams_open(t);
	else if (t->wait_open && t->flow_open)
		make_start(t);
}

static void
running(struct task *t)
{
	size_t waiting = output_waiting(&t->out);

	if (t->error) {
		t->want = WANT_KILL;
		t->signo = 9;
	}
	if (t->want > t->sent) {
		if (t->state.paused)
			look_pause(t, false);
		else
			look_kill(t);
	} else if (t->want == WANT_RUN && waiting > OUTPUT_HIGH &&
		   !t->state.paused && !t->cannot_pause) {
		look_pause(t, true);
	} else if (t->froze && waiting < OUTPUT_LOW) {
		look_pause(t, false);
	} else {
		streams_reopen(t);
		if (t->sent == WANT_KILL)
			task_look_later(t, KILL_AGAIN_MS);
	}
}

static void
wind_up(struct task *t)
{
	int64_t now = host->now_ms(host);

	if (!t->ended_at)
		t->ended_at = now;
	if (t->flow && now - t->ended_at < FLOW_END_MS) {
		task_look_later(t, FLOW_END_MS); /* or its end comes */
		return;
	}
	t->interrupted |= t->flow != NULL;
	streams_drop(t);
	if (t->start_sent && !t->log_read && (t->interrupted || !t->saw_end))
		streams_read_log(t);
	else if (t->refusals < REFUSALS)
		look_remove(t);
	else { /* it has ended, and that is what counts */
		ndl_logf(host, t->task, NDL_WARN, "container not removed: %s",
			t->trouble);
		sweep_soon(SWEEP_LATER_MS);
		t->seen = SEEN_GONE;
		task_step(t);
	}
}

void
task_step(struct task *t)
{
	if (t->broken) {
		call_drop(t->flow);
		t->flow = NULL;
		t->broken = false;
		t->interrupted = true;
		if (t->seen == SEEN_RUNNING)
			t->seen = SEEN_UNKNOWN;
	}
	if (t->ended || t->command || t->timer)
		return;
	if (t->spec.operation != SPEC_RUN) {
		op_step(t);
		return;
	}
	switch (t->seen) {
	case SEEN_NOTHING: begin(t); break;
	case SEEN_UNKNOWN: look_inspect(t); break;
	case SEEN_CREATED: created(t); break;
	case SEEN_RUNNING: running(t); break;
	case SEEN_ENDED: wind_up(t); break;
	case SEEN_GONE:
		streams_drop(t);
		verdict_tell(t);
		break;
	}
}

/* ------------------------------------------------------------------ cancel */

static void
say_stuck(void *arg)
{
	struct task *t = arg;
	char text[640];

	t->stuck = 0;
	if (t->seen == SEEN_GONE)
		return; /* the host has not taken its output */
	if (t->command)
		(void)snprintf(text, sizeof text,
			"the engine has not answered for %lld ms: %s",
			(long long)(host->now_ms(host) - t->since), t->doing);
	host->stuck(t->task, t->command	   ? text
			     : *t->trouble ? t->trouble
					   : "the container still runs");
}

/* A log is read as a command. */
static void
read_on(struct task *t)
{
	struct call *call = t->flow ? t->flow : t->command;

	if (!t->stalled)
		return;
	t->stalled = false; /* it may stall again, from within */
	call_resume(call);
}

void
task_cancel(struct task *t, const struct ndl_cancel *why)
{
	enum want want = why->force ? WANT_KILL : WANT_STOP;

	if (t->spec.operation != SPEC_RUN && op_cancel(t))
		return;
	if (why->force)
		set_timer(t, &t->stuck, STUCK_MS, say_stuck);
	if (t->spec.operation != SPEC_RUN)
		return;
	if (t->want < want)
		t->want = want;
	t->signo = why->force ? 9 : why->signo;
	read_on(t);
	if (t->command && t->may_drop) {
		call_drop(t->command);
		t->command = NULL;
	}
	task_news(t);
}

void
task_drained(struct task *t)
{
	output_flush(&t->out);
	if (output_waiting(&t->out) < OUTPUT_LOW)
		read_on(t);
	task_step(t);
}

/* ------------------------------------------------------------ new and free */

struct task *
task_new(struct ndl_task *task, const struct spec *spec)
{
	struct task *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->task = task;
	t->out.task = task;
	t->spec = *spec;
	(void)snprintf(
		t->name, sizeof t->name, "nodelink-%s", host->task_id(task));
	t->at = &all;
	t->next = all;
	if (t->next)
		t->next->at = &t->next;
	all = t;
	return t;
}

bool
task_is_live(const char *task_id)
{
	for (const struct task *t = all; t; t = t->next)
		if (strcmp(host->task_id(t->task), task_id) == 0)
			return true;
	return false;
}

void
task_free(struct task *t)
{
	*t->at = t->next;
	if (t->next)
		t->next->at = t->at;
	call_drop(t->command);
	streams_drop(t);
	output_done(&t->out);
	free(t);
}
