/* verdict.c - how a task ended, as far as that is known
 *
 * An exit status that our own wait has told is the container's. One that was
 * only found after an interruption may be what an engine, restarted, has made
 * of a container that it killed or lost; then the verdict is "unknown". */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "task.h"

enum {
	SHORT_ID = 12,
	EXIT_NOT_RUN = 126, /* as shells and inits say */
	EXIT_NOT_FOUND = 127,
	EXIT_KILLED = 137,
	EXIT_TERMINATED = 143,
	EXIT_LOST = 255, /* the engine does not know */
};

struct verdict {
	struct ndl_result result;
	char text[640];
	size_t len;
};

static void NDL_PRINTF(2, 3) say(struct verdict *v, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (v->len)
		v->len += (size_t)snprintf(
			v->text + v->len, sizeof v->text - v->len, "; ");
	va_start(ap, fmt);
	n = vsnprintf(v->text + v->len, sizeof v->text - v->len, fmt, ap);
	va_end(ap);
	v->len += n > 0 ? (size_t)n : 0;
	if (v->len >= sizeof v->text)
		v->len = sizeof v->text - 1;
	v->result.message = v->text;
}

static bool
is_doubtful(const struct task *t)
{
	const struct state *s = &t->state;

	return !t->saw_end && !t->touched &&
	       (s->exit_code == EXIT_KILLED ||
		       s->exit_code == EXIT_TERMINATED ||
		       s->exit_code == EXIT_LOST ||
		       (s->exit_code == 0 && !s->has_finish));
}

static void
from_state(const struct task *t, struct verdict *v)
{
	int code = t->saw_end ? t->wait_code : t->state.exit_code;

	v->result.outcome = NDL_EXITED;
	v->result.code = code;
	if (t->want != WANT_RUN)
		say(v, "container %.*s: exit status %d, removed", SHORT_ID,
			t->id, code);
	else if (code == EXIT_KILLED && t->state.oom)
		say(v, "killed for lack of memory");
	else if (code == EXIT_KILLED)
		say(v, "killed by somebody else: by hand, with the engine, or for lack of memory");
	else if (code == EXIT_NOT_FOUND)
		say(v, "exit status 127: the program was not found, or says so");
	else if (code == EXIT_NOT_RUN)
		say(v, "exit status 126: the program cannot be run, or says so");
	if (t->state.oom && code)
		v->result.failure = "oom";
	if (is_doubtful(t)) {
		v->result.failure = "unknown";
		say(v, "exit status %d was found after the engine had been away, and may be the engine's own",
			code);
	}
}

static void
from_nothing(const struct task *t, struct verdict *v)
{
	if (t->touched) {
		v->result.outcome = NDL_KILLED;
		v->result.code = t->sent == WANT_KILL ? 9 : (int)t->signo;
		say(v, "container %.*s is gone, its exit status was not seen",
			SHORT_ID, t->id);
		return;
	}
	v->result.outcome = NDL_EXITED;
	v->result.code = -1;
	v->result.failure = "unknown";
	say(v, "container %.*s is gone: somebody has removed it", SHORT_ID,
		t->id);
}

static void
decide(const struct task *t, struct verdict *v)
{
	if (t->error) {
		v->result.outcome = NDL_FAILED;
		v->result.code = t->error;
		v->result.failure = t->failure;
		say(v, "%s", t->why);
	} else if (t->saw_end || t->state.seen == SEEN_ENDED) {
		from_state(t, v);
	} else if (t->start_sent) {
		from_nothing(t, v);
	} else {
		v->result.outcome = NDL_EXITED;
		say(v, "the container was not started");
		return;
	}
	/* Nothing of a cancel has reached it. */
	if (t->want != WANT_RUN && !t->touched)
		v->result.flags = NDL_OWN_END;
}

void
verdict_tell(struct task *t)
{
	struct verdict v = { .result = { .size = sizeof v.result } };

	output_flush(&t->out);
	if (output_waiting(&t->out))
		return; /* task_drained() comes */
	decide(t, &v);
	if (t->out.gap)
		say(&v, "some output was lost while the engine was away");
	else if (t->interrupted && !t->saw_end && t->ran)
		say(&v, "it ended while the engine was away, and its last output may be missing");
	t->ended = true;
	call_drop(t->command);
	t->command = NULL;
	streams_drop(t);
	host->finish(t->task, &v.result);
}
