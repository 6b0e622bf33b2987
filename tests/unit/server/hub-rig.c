/* hub-rig.c - a hub with fake streams, and what nodes and clients do to it */
#include "hub-rig.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "task/reason.h"
#include "tests/unit/unit.h"

struct loop *loop;
static struct store *store;
struct hub *hub;
struct metrics *metrics;
struct rpc_stream one, two;
int64_t settled_after_ms, lost_after_ms = 20;

struct auth *auth;
char agent_token[AUTH_SECRET];
static char dir[32], auth_path[48];

static void
make_hub(struct auth *with)
{
	const struct hub_conf conf = { .loop = loop,
		.store = store,
		.metrics = metrics = metrics_new(),
		.default_grace_ms = 10000,
		.default_start_timeout_ms = 4000,
		.lost_after_ms = lost_after_ms,
		.settled_after_ms = settled_after_ms,
		.default_output_limit = 1 << 20,
		.window = 1000,
		.auth = with };

	ck_assert_int_eq(hub_new(&conf, &hub, NULL), 0);
}

static void
make(struct auth *with)
{
	const struct store_memory_conf mem = { .loop = loop,
		.dir = "/tmp",
		.limits = { .retention_ms = 1000000,
			.max_tasks = 1000,
			.max_output = 1 << 30 } };

	log_set_level(LOG_LEVEL_ERROR);
	ck_assert_int_eq(store_memory_new(&mem, &store), 0);
	make_hub(with);
	memset(&one, 0, sizeof one);
	memset(&two, 0, sizeof two);
}

void
setup(void)
{
	loop = loop_new();
	make(NULL);
}

static void
auth_changed(void *arg)
{
	(void)arg;
	hub_recheck_agents(hub);
}

void
setup_guarded(void)
{
	const struct auth_conf conf = { .path = auth_path,
		.on_change = auth_changed };
	struct err err = { "" };

	(void)strcpy(dir, "/tmp/test-hub-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(auth_path, sizeof auth_path, "%s/auth.db", dir);
	loop = loop_new();
	ck_assert_msg(auth_new(loop, &conf, &auth, &err) == 0, "%s", err.text);
	ck_assert_int_eq(
		auth_agent_token_new(auth, "a", 0, agent_token, &err), 0);
	make(auth);
}

void
teardown(void)
{
	fake_done(&one);
	fake_done(&two);
	hub_free(hub);
	ck_assert(!store->stored); /* which may write until it is freed */
	metrics_free(metrics);
	store->ops->free(store);
	if (auth) {
		auth_free(auth);
		auth = NULL;
		ck_assert_int_eq(unlink(auth_path), 0);
		ck_assert_int_eq(rmdir(dir), 0);
	}
	loop_free(loop);
}

static struct transcript_mark slow_mark;

/* A disk that takes its time: what is appended is not shown. */
static int
append_slowly(struct store *s, struct task *t, enum transcript_kind kind,
	const void *data, size_t len, uint64_t seq)
{
	int r = transcript_append(t->transcript, kind, data, len, seq);

	(void)s;
	transcript_show(t->transcript, &slow_mark);
	return r;
}

void
slow_store(const struct task *t)
{
	static struct store_ops slow;

	slow_mark = transcript_mark(t->transcript);
	slow = *store->ops;
	slow.append = append_slowly;
	store->ops = &slow;
}

static struct late {
	struct task *task; /* own reference */
	store_done_fn *done;
	void *arg;
} late[8];
static size_t n_late;
static const struct store_ops *store_in_time;

static void
update_later(struct store *s, struct task *t, store_done_fn *done, void *arg)
{
	(void)s;
	ck_assert_uint_lt(n_late, ARRAY_SIZE(late));
	late[n_late++] = (struct late){ task_ref(t), done, arg };
}

void
hold_store(void)
{
	static struct store_ops held;

	store_in_time = store->ops;
	held = *store->ops;
	held.update = update_later;
	store->ops = &held;
}

void
let_store_go(void)
{
	store->ops = store_in_time;
	for (size_t i = 0; i < n_late; i++) {
		store->ops->update(
			store, late[i].task, late[i].done, late[i].arg);
		task_unref(late[i].task);
	}
	n_late = 0;
}

static struct task **left;
static size_t n_left;

static int
recover_left(struct store *s, store_task_fn *fn, void *arg)
{
	(void)s;
	for (size_t i = 0; i < n_left; i++) {
		left[i]->counted = left[i]->counted_stuck = false;
		fn(arg, left[i]);
	}
	return 0;
}

void
restart(struct task **tasks, size_t n)
{
	static struct store_ops recovering;

	recovering = *store->ops;
	recovering.recover = recover_left;
	store->ops = &recovering;
	left = tasks;
	n_left = n;
	fake_done(&one);
	memset(&one, 0, sizeof one);
	hub_free(hub);
	metrics_free(metrics);
	make_hub(auth);
	ck_assert_int_eq(hub_recover(hub), 0);
}

/* ------------------------------------------------------------- what nodes do */

int
open_as(struct rpc_stream *s, const char *id, const char *token)
{
	const struct rpc_hello hello = {
		.agent_id = id, .agent_token = token, .peer = "test"
	};
	enum rpc_status status = RPC_STATUS_OK;
	struct err err = { "" };
	int r = hub_rpc_ops.on_open(hub, s, &hello, &status, &err);

	if (r < 0)
		ck_assert_int_eq((int)status, RPC_STATUS_UNAUTHENTICATED);
	return r;
}

void
say(struct rpc_stream *s, struct msg msg)
{
	AUTO_BUF struct buf b = { 0 };

	if (!msg.plugin)
		msg.plugin = "shell";
	ck_assert_int_eq(msg_pack(&msg, &b), 0);
	hub_rpc_ops.on_message(hub, s, b.data, b.len);
}

void
hello(struct rpc_stream *s)
{
	say(s, (struct msg){
		       .kind = MSG_HELLO, .hello = { "1", "boot", "host" } });
}

void
inventory(struct rpc_stream *s, const struct msg_held *held, size_t n)
{
	say(s, (struct msg){ .kind = MSG_INVENTORY,
		       .inventory = { .instance = "i",
			       .tasks = held,
			       .n_tasks = n } });
}

void
connect_agent(struct rpc_stream *s)
{
	ck_assert_int_eq(open_as(s, "a", auth ? agent_token : ""), 0);
	hello(s);
	inventory(s, NULL, 0);
}

void
started(struct rpc_stream *s, const struct task *t, uint64_t seq)
{
	say(s, (struct msg){ .kind = MSG_STARTED,
		       .task_id = t->id,
		       .seq = seq,
		       .started = { .at = 1, .pid = 42, .grace_ms = 10000 } });
}

void
ended(struct rpc_stream *s, const struct task *t, uint64_t seq,
	struct msg_result result)
{
	result.ended_at = 5;
	say(s, (struct msg){ .kind = MSG_RESULT,
		       .task_id = t->id,
		       .seq = seq,
		       .result = result });
}

void
output(struct rpc_stream *s, const struct task *t, uint64_t seq, size_t len)
{
	static const uint8_t bytes[4096];

	say(s, (struct msg){ .kind = MSG_OUTPUT,
		       .task_id = t->id,
		       .seq = seq,
		       .output = { MSG_STDOUT, bytes, len } });
}

/* ----------------------------------------------------------- what clients do */

static void
keep(void *arg, int r, struct task *t)
{
	ck_assert_int_eq(r, 0);
	*(struct task **)arg = task_ref(t);
}

int
try_create_for(const char *agent, const char *plugin, int64_t start_timeout_ms,
	struct task **out)
{
	static const char *const value = "true";
	static const struct msg_param param = { "cmd", &value, 1 };
	const struct hub_task spec = { .agent_id = agent,
		.plugin = plugin,
		.start_timeout_ms = start_timeout_ms,
		.start = { .params = &param, .n_params = 1, .grace_ms = -1 } };
	struct err err = { "" };

	return hub_create(hub, &spec, keep, out, &err);
}

int
try_create(const char *agent, const char *plugin, struct task **out)
{
	return try_create_for(agent, plugin, -1, out);
}

struct task *
create(void)
{
	struct task *t = NULL;

	ck_assert_int_eq(try_create("a", "shell", &t), 0);
	ck_assert_ptr_nonnull(t);
	return t;
}

int
cancel(struct task *t, int64_t grace_ms)
{
	return hub_cancel(hub, t,
		&(struct hub_cancel){ .code = REASON_USER_REQUEST,
			.reason = "enough",
			.actor = "me",
			.grace_ms = grace_ms },
		NULL, NULL);
}

void
took(struct rpc_stream *s, enum msg_kind kind)
{
	msg_free(fake_take(s, kind));
}

void
wait_final(const struct task *t)
{
	int64_t end = clock_ms() + unit_wait_ms();

	while (!task_is_final(t->status) && clock_ms() < end)
		loop_turn(loop, 50);
	ck_assert(task_is_final(t->status));
}
