/* rig.c - an executor with a fake uplink in one process, for tests */
#include "tests/unit/agent/rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "proc/contain.h"
#include "tests/unit/unit.h"

static void
acknowledge(struct rig *rig, const struct msg *msg)
{
	if (msg->kind == MSG_OUTPUT)
		rig_ack(rig, msg->task_id, msg->seq, UINT64_MAX, false);
	if (msg->kind == MSG_RESULT)
		rig_ack(rig, msg->task_id, msg->seq, 0, true);
}

static void
on_frame(void *arg, const uint8_t *payload, size_t len)
{
	struct rig *rig = arg;
	struct msg_box *box;
	struct err err = { .text = "" };

	ck_assert_msg(msg_unpack(MSG_TO_SERVER, payload, len, &box, &err) == 0,
		"%s", err.text);
	ck_assert_uint_lt(rig->n_seen, RIG_SEEN);
	rig->seen[rig->n_seen++] = box;
	if (!rig->no_ack)
		acknowledge(rig, msg_get(box));
}

static void
on_drained(void *arg)
{
	(void)arg;
}

static void
on_end(void *arg, int r)
{
	struct rig *rig = arg;

	(void)r;
	rig->ended = true;
	link_free(TAKE(rig->link));
}

static void
on_failure(void *arg)
{
	((struct rig *)arg)->failed = true;
}

static void
on_stopped(void *arg)
{
	((struct rig *)arg)->stopped = true;
}

static void
build_path(const char *file, char *out, size_t size)
{
	const char *top = getenv("top_builddir");

	(void)snprintf(out, size, "%s/%s", top ? top : ".", file);
}

/* The rung that the program's name ends in, or NULL. */
static const char *
named_rung(void)
{
	const char *name = program_invocation_short_name;
	size_t n = strlen(name);

	for (int i = 0; i < CONTAIN_RUNGS; i++) {
		const char *rung = contain_rung_name((enum contain_rung)i);
		size_t len = strlen(rung);

		if (n > len && name[n - len - 1] == '-' &&
			strcmp(name + n - len, rung) == 0)
			return rung;
	}
	return NULL;
}

void
rig_open(struct rig *rig, const char *file)
{
	struct err err = { .text = "" };
	char path[256];

	if (!getenv("RIG_LOG"))
		log_set_level(LOG_LEVEL_ERROR);
	build_path(file, path, sizeof path);
	if (!rig->options.scratch) {
		unit_temp_dir("rig", rig->scratch, sizeof rig->scratch);
		rig->options.scratch = rig->scratch;
	}
	if (named_rung())
		rig->options.containment = named_rung();
	rig->loop = loop_new();
	rig->options.agent_id = "agent1";
	rig->options.shim = getenv("NODELINK_SHIM");
	rig->options.on_failure = on_failure;
	rig->options.on_stopped = on_stopped;
	rig->options.arg = rig;
	ck_assert_msg(
		plugin_load(path, &rig->plugin, &err) == 0, "%s", err.text);
	ck_assert_msg(executor_new(rig->loop, rig->plugin, &rig->options,
			      &rig->ex, &err) == 0,
		"%s", err.text);
	rig_attach(rig);
}

const char *
rig_rung(struct rig *rig)
{
	return rig_wait(rig, NULL, MSG_INVENTORY, 0)->inventory.containment;
}

bool
rig_is_complete(struct rig *rig)
{
	return contain_rung_is_complete(contain_rung_parse(rig_rung(rig)));
}

bool
rig_can_run(struct err *err)
{
	AUTO(contain_host_free) struct contain_host *host = NULL;
	struct contain_options options = { .prefix = "nodelink-rig-",
		.shim = getenv("NODELINK_SHIM"),
		.last = CONTAIN_GROUP };

	if (named_rung())
		options.first = options.last = contain_rung_parse(named_rung());
	return contain_host_new(&options, &host, err) == 0;
}

void
rig_close(struct rig *rig)
{
	char command[128];

	link_free(rig->link);
	executor_free(rig->ex);
	loop_free(rig->loop);
	plugin_free(rig->plugin);
	rig_forget(rig);
	(void)snprintf(
		command, sizeof command, "rm -rf '%s'", rig->options.scratch);
	ck_assert_int_eq(system(command), 0);
}

void
rig_attach(struct rig *rig)
{
	static const struct link_ops ops = { on_frame, on_drained, on_end };
	const struct msg attach = { .kind = MSG_ATTACH };
	int ends[2];

	link_free(TAKE(rig->link));
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0, ends),
		0);
	executor_serve(rig->ex, ends[0]);
	rig->link = link_new(rig->loop, ends[1], &ops, rig);
	rig_send(rig, &attach);
}

void
rig_forget(struct rig *rig)
{
	while (rig->n_seen)
		msg_free(rig->seen[--rig->n_seen]);
}

void
rig_send(struct rig *rig, const struct msg *msg)
{
	struct msg copy = *msg;

	copy.agent_id = "agent1";
	copy.plugin = rig->plugin->v.name;
	ck_assert_int_eq(link_send(rig->link, &copy, true), 0);
}

void
rig_start(struct rig *rig, const char *id, const char *name, const char *value,
	const struct msg_start *start)
{
	const struct msg_param param = { name, &value, 1 };
	struct msg msg = { .kind = MSG_START, .task_id = id };

	if (start)
		msg.start = *start;
	if (!msg.start.params && name) {
		msg.start.params = &param;
		msg.start.n_params = 1;
	}
	rig_send(rig, &msg);
}

void
rig_cancel(struct rig *rig, const char *id, int64_t grace_ms)
{
	struct msg msg = { .kind = MSG_CANCEL, .task_id = id };

	msg.cancel = (struct msg_cancel){
		.reason = "because", .actor = "tester", .grace_ms = grace_ms
	};
	rig_send(rig, &msg);
}

void
rig_ack(struct rig *rig, const char *id, uint64_t seq, uint64_t window,
	bool final)
{
	struct msg msg = { .kind = MSG_ACK, .task_id = id };

	msg.ack = (struct msg_ack){ seq, window, final };
	rig_send(rig, &msg);
}

void
rig_run(struct rig *rig, int64_t ms)
{
	int64_t until = clock_ms() + ms;

	while (clock_ms() < until)
		loop_turn(rig->loop, until - clock_ms());
}

const struct msg *
rig_find(struct rig *rig, const char *id, enum msg_kind kind, size_t n)
{
	for (size_t i = 0; i < rig->n_seen; i++) {
		const struct msg *msg = msg_get(rig->seen[i]);

		if (msg->kind == kind &&
			(!id || strcmp(msg->task_id, id) == 0) && n-- == 0)
			return msg;
	}
	return NULL;
}

size_t
rig_count(struct rig *rig, const char *id, enum msg_kind kind)
{
	size_t n = 0;

	while (rig_find(rig, id, kind, n))
		n++;
	return n;
}

/* What came instead says why, most of the time. */
static void
fail_waiting(struct rig *rig, const char *id, enum msg_kind kind, size_t n)
{
	const struct msg *end = rig_find(rig, id, MSG_RESULT, 0);
	AUTO_BUF struct buf err = { 0 };

	if (id)
		rig_output(rig, id, MSG_STDERR, &err);
	ck_abort_msg(
		"message %d (number %zu) of task '%s' did not come; it %s, "
		"failure '%s' %s; it has printed '%s'",
		(int)kind, n, id ? id : "", end ? "has ended" : "runs",
		end ? end->result.failure : "", end ? end->result.message : "",
		buf_text(&err));
}

const struct msg *
rig_wait(struct rig *rig, const char *id, enum msg_kind kind, size_t n)
{
	int64_t until = clock_ms() + unit_wait_ms();

	while (!rig_find(rig, id, kind, n)) {
		if (clock_ms() >= until)
			fail_waiting(rig, id, kind, n);
		loop_turn(rig->loop, 100);
	}
	return rig_find(rig, id, kind, n);
}

const struct msg_result *
rig_result(struct rig *rig, const char *id)
{
	return &rig_wait(rig, id, MSG_RESULT, 0)->result;
}

void
rig_output(struct rig *rig, const char *id, enum msg_stream stream,
	struct buf *out)
{
	for (size_t i = 0; i < rig->n_seen; i++) {
		const struct msg *msg = msg_get(rig->seen[i]);

		if (msg->kind == MSG_OUTPUT && strcmp(msg->task_id, id) == 0 &&
			msg->output.stream == stream)
			ck_assert_int_eq(
				buf_add(out, msg->output.data, msg->output.len),
				0);
	}
}
