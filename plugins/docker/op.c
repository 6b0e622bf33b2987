/* op.c - start, stop and logs of a container that is there already
 *
 * Ping, look whether the task may touch it, do it. Once the engine is asked to
 * do it, only its answer ends the task: no cancel can take that back. */
#include <errno.h>
#include <string.h>

#include "policy.h"
#include "task.h"

enum { OP_MS = 60000 };

static void
end(struct task *t, int error, const char *why)
{
	struct ndl_result result = { .size = sizeof result,
		.outcome = NDL_EXITED,
		.flags = t->asked ? NDL_OWN_END : 0 };

	if (error)
		task_failed(t, error, NULL, why);
	t->seen = SEEN_GONE;
	output_flush(&t->out);
	if (!output_waiting(&t->out)) {
		t->ended = true;
		result.message = why;
		if (t->error) {
			result.outcome = NDL_FAILED;
			result.code = t->error;
			result.message = t->why;
			result.failure = t->failure;
			result.rule = t->rule;
		}
		host->finish(t->task, &result);
	}
}

/* As every answer, but there is nothing to look at again. */
static bool
answered(struct task *t, const struct answer *a)
{
	t->command = NULL;
	if (a->status == 200 || a->status == 204 || a->status == 304)
		return true;
	if (a->status) {
		state_message(a->body, a->len, t->trouble, sizeof t->trouble);
		end(t, a->status == 404 ? ENOENT : EIO, t->trouble);
	} else {
		(void)snprintf(t->trouble, sizeof t->trouble,
			"%s: engine at '%s': %s%s", t->doing, engine_socket(),
			a->text, t->asked ? "; it may do it all the same" : "");
		task_failed(
			t, a->error, t->asked ? "unknown" : NULL, t->trouble);
		end(t, 0, NULL);
	}
	return false;
}

static bool
on_output(void *arg, const char *data, size_t len)
{
	struct task *t = arg;

	if (output_waiting(&t->out) > OUTPUT_HIGH) {
		t->stalled = true; /* a log may wait */
		return false;
	}
	return output_feed(&t->out, data, len) == 0 || (t->broken = true);
}

static void
on_done(void *arg, const struct answer *a)
{
	struct task *t = arg;

	t->stalled = false;
	if (!answered(t, a))
		return;
	if (t->broken)
		end(t, EPROTO, "the engine's log makes no sense");
	else
		end(t, 0, a->status == 304 ? "it was so already" : NULL);
}

static void
act(struct task *t)
{
	static const struct {
		const char *doing, *method, *what;
	} acts[] = {
		[SPEC_RUN] = { "run", "", "" }, /* not here */
		[SPEC_START] = { "start", "POST", "/start" },
		[SPEC_STOP] = { "stop", "POST", "/stop?t=10" },
		[SPEC_LOGS] = { "logs", "GET", "/logs?stdout=1&stderr=1" },
	};
	bool logs = t->spec.operation == SPEC_LOGS;
	char path[160];
	const struct request how = { .method = acts[t->spec.operation].method,
		.path = path,
		.timeout_ms = logs ? 0 : OP_MS,
		.on_answer = on_done,
		.on_data = logs ? on_output : NULL,
		.arg = t };

	(void)snprintf(path, sizeof path, "/containers/%s%s", t->id,
		acts[t->spec.operation].what);
	output_begin(&t->out, t->state.tty, false);
	task_ask(t, acts[t->spec.operation].doing, &how);
	t->asked = t->command && !logs;
}

static void
on_inspect(void *arg, const struct answer *a)
{
	struct task *t = arg;

	if (!answered(t, a))
		return;
	if (!state_parse(a->body, a->len, &t->state)) {
		end(t, EPROTO, "the engine's answer makes no sense");
		return;
	}
	(void)snprintf(t->id, sizeof t->id, "%s", t->state.id);
	t->seen = t->state.seen;
	if (strcmp(t->state.agent, host->agent) != 0 &&
		!policy_allows(POLICY_CONTAINERS, t->state.name)) {
		task_failed(t, EPERM, "refused",
			"this node lets tasks touch their own containers and those of its setting 'containers' only");
		t->rule = "containers";
		end(t, 0, NULL);
	} else {
		act(t);
	}
}

static void
inspect(struct task *t)
{
	char path[512];
	const struct request how = { .method = "GET",
		.path = path,
		.timeout_ms = OP_MS,
		.on_answer = on_inspect,
		.arg = t };

	(void)snprintf(path, sizeof path, "/containers/%.400s/json",
		t->spec.container_id);
	task_ask(t, "inspect", &how);
}

void
op_step(struct task *t)
{
	if (t->error || t->seen == SEEN_GONE)
		end(t, 0, NULL);
	else if (!t->reached)
		make_ping(t);
	else
		inspect(t);
}

bool
op_cancel(struct task *t)
{
	if (t->asked)
		return false;
	call_drop(t->command);
	t->command = NULL;
	t->ended = true;
	ndl_finish(host, t->task, NDL_EXITED, 0, "nothing was done");
	return true;
}
