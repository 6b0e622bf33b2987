/* test-uplink.c - what is forwarded, when, and what is dropped; executors are
 * sockets of the test's, the server is fake-rpc.c */
#include "uplink/uplink.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/place.h"
#include "tests/unit/agent/fake-rpc.h"
#include "tests/unit/unit.h"
#include "uplink/credentials.h"
#include "wire/link.h"

enum { DEADLINE_MS = 20000 };

/* One fake executor: it listens, takes one connection, remembers requests. */
struct executor {
	const char *plugin;
	unsigned place;
	char path[108];
	int listener;
	struct loop_watch *watch;
	struct link *link;
	size_t requests, bytes;
	enum msg_kind last;
};

static struct loop *loop;
static struct uplink *uplink;
static char dir[64];
static void
disconnected(void *arg)
{
	(void)arg; /* nothing is out of reach of a test */
}

static char token[] = "t";
static struct credentials credentials = { .socket = -1, .token = token };
static struct uplink_conf conf = { .agent_id = "agent1",
	.credentials = &credentials,
	.server = "127.0.0.1:1",
	.runtime_dir = dir,
	.on_disconnected = disconnected };
static struct executor shell = { .plugin = "shell" };
static struct executor before = { .plugin = "shell", .place = 1 };

#define WAIT_FOR(condition) \
	do { \
		int64_t give_up = clock_ms() + DEADLINE_MS; \
		while (!(condition) && clock_ms() < give_up) \
			loop_turn(loop, 100); \
		ck_assert_msg((condition), "waited for: %s", #condition); \
	} while (0)

/* ---------------------------------------------------------------- executors */

static void
request_came(void *arg, const uint8_t *payload, size_t len)
{
	AUTO(msg_free) struct msg_box *box = NULL;
	struct executor *ex = arg;

	ck_assert_int_eq(msg_unpack(MSG_TO_AGENT, payload, len, &box, NULL), 0);
	ex->last = msg_get(box)->kind;
	ex->requests++;
	ex->bytes += len;
}

static void
nothing(void *arg)
{
	(void)arg;
}

static void
uplink_went(void *arg, int r)
{
	struct executor *ex = arg;

	(void)r;
	link_free(TAKE(ex->link));
}

static void
uplink_came(void *arg, int fd, unsigned ready)
{
	static const struct link_ops ops = { request_came, nothing,
		uplink_went };
	struct executor *ex = arg;
	int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

	(void)ready;
	ck_assert_int_ge(conn, 0);
	link_free(ex->link);
	ex->link = link_new(loop, conn, &ops, ex);
	ck_assert_ptr_nonnull(ex->link);
}

static void
executor_start(struct executor *ex)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct place_name name;

	ck_assert_int_lt(
		snprintf(addr.sun_path, sizeof addr.sun_path, "%s/%s", dir,
			place_socket(ex->plugin, ex->place, &name)),
		(int)sizeof addr.sun_path);
	(void)strcpy(ex->path, addr.sun_path);
	ex->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(
		bind(ex->listener, (const struct sockaddr *)&addr, sizeof addr),
		0);
	ck_assert_int_eq(listen(ex->listener, 4), 0);
	ex->watch =
		loop_watch_new(loop, ex->listener, LOOP_READ, uplink_came, ex);
	ck_assert_ptr_nonnull(ex->watch);
}

static void
executor_stop(struct executor *ex)
{
	link_free(TAKE(ex->link));
	loop_watch_free(TAKE(ex->watch));
	(void)close(ex->listener);
	(void)unlink(ex->path);
}

static void
respond(struct executor *ex, struct msg *msg)
{
	msg->agent_id = "agent1";
	msg->plugin = ex->plugin;
	ck_assert_int_eq(link_send(ex->link, msg, true), 0);
}

static void
respond_inventory(struct executor *ex)
{
	struct msg msg = { .kind = MSG_INVENTORY, .inventory.instance = "i-1" };

	respond(ex, &msg);
}

static void
respond_output(struct executor *ex, uint64_t seq)
{
	struct msg msg = { .kind = MSG_OUTPUT,
		.task_id = "t-1",
		.seq = seq,
		.output = { MSG_STDOUT, (const uint8_t *)"hi", 2 } };

	respond(ex, &msg);
}

/* ------------------------------------------------------------------- frame */

static void
set_up(void)
{
	struct err err = { "" };

	log_set_level(LOG_LEVEL_ERROR);
	(void)strcpy(dir, "/tmp/test-uplink-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	ck_assert_msg(
		uplink_new(loop, &conf, &uplink, &err) == 0, "%s", err.text);
}

static void
tear_down(void)
{
	uplink_free(uplink);
	loop_free(loop);
	fake_rpc_forget();
	ck_assert_int_eq(rmdir(dir), 0);
}

/* An executor and an open stream, its Inventory at the server. */
static void
set_up_attached(void)
{
	set_up();
	executor_start(&shell);
	WAIT_FOR(shell.link);
	fake_rpc_open();
	WAIT_FOR(shell.requests == 1);
	respond_inventory(&shell);
	WAIT_FOR(fake_rpc.n_sent == 2);
	fake_rpc_forget();
}

static void
tear_down_attached(void)
{
	executor_stop(&shell);
	tear_down();
}

static void
check_sent(size_t i, enum msg_kind kind)
{
	AUTO(msg_free) struct msg_box *box = fake_rpc_sent(i);

	ck_assert_int_eq(msg_get(box)->kind, kind);
	ck_assert_str_eq(msg_get(box)->agent_id, "agent1");
}

static void
deliver(enum msg_kind kind, const char *agent_id, const char *plugin)
{
	struct msg msg = { .kind = kind,
		.agent_id = agent_id,
		.task_id = "t-1",
		.plugin = plugin };

	fake_rpc_deliver(&msg);
}

/* ------------------------------------------------------------------- tests */

TEST(says_hello_with_who_it_is)
{
	AUTO(msg_free) struct msg_box *box = NULL;

	set_up();
	ck_assert_str_eq(fake_rpc.conf.agent_id, "agent1");
	ck_assert_str_eq(fake_rpc.conf.agent_token, "t");
	fake_rpc_open();
	WAIT_FOR(fake_rpc.n_sent == 1);
	box = fake_rpc_sent(0);
	ck_assert_int_eq(msg_get(box)->kind, MSG_HELLO);
	ck_assert_str_eq(msg_get(box)->hello.version, PACKAGE_VERSION);
	ck_assert_uint_gt(strlen(msg_get(box)->hello.hostname), 0);
	tear_down();
}
END

TEST(attaches_and_drops_what_is_older_than_the_inventory)
{
	set_up();
	executor_start(&shell);
	WAIT_FOR(shell.link);
	fake_rpc_open();
	WAIT_FOR(shell.requests == 1);
	ck_assert_int_eq(shell.last, MSG_ATTACH);
	respond_output(&shell, 7);
	respond_inventory(&shell);
	respond_output(&shell, 1);
	WAIT_FOR(fake_rpc.n_sent == 3);
	check_sent(0, MSG_HELLO);
	check_sent(1, MSG_INVENTORY);
	check_sent(2, MSG_OUTPUT);
	tear_down_attached();
}
END

TEST(attaches_to_an_executor_that_comes_later)
{
	set_up();
	fake_rpc_open();
	executor_start(&shell);
	WAIT_FOR(shell.requests == 1);
	ck_assert_int_eq(shell.last, MSG_ATTACH);
	tear_down_attached();
}
END

TEST(attaches_again_on_the_next_stream)
{
	set_up_attached();
	fake_rpc_close(RPC_STATUS_UNAVAILABLE);
	respond_output(&shell, 1); /* nowhere to go: dropped */
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 0);
	fake_rpc_open();
	WAIT_FOR(shell.requests == 2);
	respond_output(&shell, 2);
	respond_inventory(&shell);
	WAIT_FOR(fake_rpc.n_sent == 2);
	check_sent(0, MSG_HELLO);
	check_sent(1, MSG_INVENTORY);
	tear_down_attached();
}
END

TEST(says_that_a_plugin_is_down_and_attaches_when_it_is_back)
{
	set_up_attached();
	executor_stop(&shell);
	WAIT_FOR(fake_rpc.n_sent == 1);
	check_sent(0, MSG_PLUGIN_DOWN);
	deliver(MSG_START, "agent1", "shell"); /* dropped, not refused */
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 0);
	ck_assert_uint_eq(fake_rpc.n_sent, 1);
	fake_rpc_close(RPC_STATUS_OK);
	fake_rpc_forget();
	fake_rpc_open();
	WAIT_FOR(fake_rpc.n_sent == 2);
	check_sent(1, MSG_PLUGIN_DOWN);
	shell.requests = 0;
	executor_start(&shell);
	WAIT_FOR(shell.requests == 1);
	ck_assert_int_eq(shell.last, MSG_ATTACH);
	tear_down_attached();
}
END

TEST(hands_a_request_to_the_executor_of_its_plugin)
{
	set_up_attached();
	deliver(MSG_CANCEL, "", "shell");
	WAIT_FOR(shell.requests == 2);
	ck_assert_int_eq(shell.last, MSG_CANCEL);
	deliver(MSG_CANCEL, "agent2", "shell");
	deliver(MSG_ACK, "agent1", "shell");
	WAIT_FOR(shell.requests == 3);
	ck_assert_int_eq(shell.last, MSG_ACK);
	tear_down_attached();
}
END

TEST(refuses_a_start_for_a_plugin_that_is_not_there)
{
	AUTO(msg_free) struct msg_box *box = NULL;
	const struct msg *msg;

	set_up();
	fake_rpc_open();
	WAIT_FOR(fake_rpc.n_sent == 1);
	fake_rpc_forget();
	deliver(MSG_CANCEL, "agent1", "docker");
	deliver(MSG_START, "agent1", "docker");
	WAIT_FOR(fake_rpc.n_sent == 1);
	box = fake_rpc_sent(0);
	msg = msg_get(box);
	ck_assert_int_eq(msg->kind, MSG_RESULT);
	ck_assert_str_eq(msg->task_id, "t-1");
	ck_assert_uint_eq(msg->seq, 1);
	ck_assert(!msg->result.ok);
	ck_assert_int_eq(msg->result.outcome, MSG_NOT_STARTED);
	ck_assert_str_eq(msg->result.failure, "refused");
	ck_assert_str_eq(msg->result.rule, "agent.plugins");
	ck_assert_ptr_nonnull(strstr(msg->result.message, "'docker'"));
	tear_down();
}
END

TEST(answers_nobody_who_asks_without_end_and_reads_nothing)
{
	set_up();
	fake_rpc_open();
	WAIT_FOR(fake_rpc.n_sent == 1);
	fake_rpc_forget();
	fake_rpc.queued = LIMIT_SEND_QUEUE + 1;
	deliver(MSG_START, "agent1", "docker");
	fake_rpc.queued = 0;
	deliver(MSG_START, "agent1", "other");
	WAIT_FOR(fake_rpc.n_sent > 0);
	ck_assert_uint_eq(fake_rpc.n_sent, 1);
	tear_down();
}
END

TEST(stops_reading_executors_while_the_stream_is_full)
{
	set_up_attached();
	fake_rpc.full = true;
	respond_output(&shell, 1);
	WAIT_FOR(fake_rpc.forced == 1); /* what found it full is taken */
	for (uint64_t seq = 2; seq <= 10; seq++)
		respond_output(&shell, seq);
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 0);
	ck_assert_uint_eq(fake_rpc.n_sent, 1);
	fake_rpc.full = false;
	fake_rpc.ops.on_writable(fake_rpc.arg, NULL);
	WAIT_FOR(fake_rpc.n_sent == 10);
	ck_assert_uint_eq(fake_rpc.forced, 1);
	tear_down_attached();
}
END

TEST(stops_reading_the_stream_while_an_executor_is_full)
{
	static char text[LIMIT_CMD];
	const char *values[] = { text };
	struct msg_param param = { "cmd", values, 1 };
	struct msg start = { .kind = MSG_START,
		.task_id = "t-1",
		.plugin = "shell",
		.start = { .params = &param, .n_params = 1 } };
	size_t sent = 1; /* the Attach */

	set_up_attached();
	memset(text, 'x', sizeof text - 1);
	link_pause(shell.link, true);
	while (!fake_rpc.paused && sent < 1000) {
		fake_rpc_deliver(&start);
		sent++;
	}
	ck_assert(fake_rpc.paused);
	ck_assert_uint_ge((sent + 8) * sizeof text, LIMIT_SEND_QUEUE);
	link_pause(shell.link, false);
	WAIT_FOR(!fake_rpc.paused);
	WAIT_FOR(shell.requests == sent);
	tear_down_attached();
}
END

	/* ------------------------------------------- two executors of one plugin */

	static void
	respond_list(struct executor *ex, const char *instance,
		const char *task_id, bool draining)
{
	struct msg_held held = { task_id, 1, false };
	struct msg msg = { .kind = MSG_INVENTORY,
		.inventory = { .instance = instance,
			.tasks = &held,
			.n_tasks = task_id ? 1 : 0,
			.draining = draining } };

	respond(ex, &msg);
}

static void
check_inventory(size_t i, const char *instance, size_t n, bool draining)
{
	AUTO(msg_free) struct msg_box *box = fake_rpc_sent(i);
	const struct msg *msg = msg_get(box);

	ck_assert_int_eq(msg->kind, MSG_INVENTORY);
	ck_assert_str_eq(msg->agent_id, "agent1");
	ck_assert_str_eq(msg->plugin, "shell");
	ck_assert_str_eq(msg->inventory.instance, instance);
	ck_assert_uint_eq(msg->inventory.n_tasks, n);
	ck_assert_int_eq(msg->inventory.draining, draining);
}

static void
turn(void)
{
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 0);
}

/* Both are there, and the server knows. */
static void
set_up_both(void)
{
	shell.requests = before.requests = 0;
	set_up();
	executor_start(&before);
	executor_start(&shell);
	WAIT_FOR(shell.link && before.link);
	fake_rpc_open();
	WAIT_FOR(shell.requests == 1 && before.requests == 1);
	respond_list(&before, "i-0", "t-0", true);
	respond_output(&before, 1);
	turn();
	ck_assert_uint_eq(fake_rpc.n_sent, 1); /* Hello */
	respond_list(&shell, "i-1", "t-1", false);
	WAIT_FOR(fake_rpc.n_sent == 3);
	check_inventory(1, "i-1", 2, false);
	check_sent(2, MSG_OUTPUT);
	fake_rpc_forget();
	shell.requests = before.requests = 0;
}

static int waiting[8];

/* As many connections wait as there is room for, and nobody takes them. */
static void
block(struct executor *ex)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t n = 0;
	int r;

	loop_watch_free(TAKE(ex->watch));
	(void)strcpy(addr.sun_path, ex->path);
	do {
		ck_assert_uint_lt(n, sizeof waiting / sizeof *waiting);
		waiting[n] = socket(
			AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		r = connect(waiting[n++], (const struct sockaddr *)&addr,
			sizeof addr);
	} while (r == 0);
	ck_assert_int_eq(errno, EAGAIN);
}

static void
unblock(void)
{
	for (size_t i = 0; i < sizeof waiting / sizeof *waiting; i++)
		if (waiting[i])
			(void)close(waiting[i]);
}

static void
ask(enum msg_kind kind, const char *task_id)
{
	struct msg msg = { .kind = kind,
		.agent_id = "agent1",
		.task_id = task_id,
		.plugin = "shell" };

	fake_rpc_deliver(&msg);
}

TEST(two_executors_of_a_plugin_are_one_to_the_server)
{
	set_up_both();
	respond_output(&before, 2);
	respond_output(&shell, 1);
	WAIT_FOR(fake_rpc.n_sent == 2);
	ask(MSG_CANCEL, "t-0");
	WAIT_FOR(before.requests == 1);
	ask(MSG_ACK, "t-1");
	ask(MSG_CANCEL, "t-2");
	ask(MSG_START, "t-0"); /* whatever it is called */
	WAIT_FOR(shell.requests == 3);
	ck_assert_int_eq(shell.last, MSG_START);
	ck_assert_uint_eq(before.requests, 1);
	executor_stop(&before);
	tear_down_attached();
}
END

TEST(the_end_of_the_one_before_is_no_end_of_the_plugin)
{
	set_up_both();
	executor_stop(&before);
	WAIT_FOR(shell.requests == 1); /* what is there now? */
	ck_assert_int_eq(shell.last, MSG_ATTACH);
	respond_list(&shell, "i-1", "t-1", false);
	WAIT_FOR(fake_rpc.n_sent == 1);
	check_inventory(0, "i-1", 1, false);
	ask(MSG_CANCEL, "t-0"); /* nobody else has it now */
	WAIT_FOR(shell.requests == 2);
	tear_down_attached();
}
END

TEST(without_the_new_one_the_plugin_takes_no_tasks)
{
	set_up_both();
	executor_stop(&shell);
	WAIT_FOR(before.requests == 1);
	check_sent(0, MSG_PLUGIN_DOWN);
	respond_list(&before, "i-0", "t-0", true);
	WAIT_FOR(fake_rpc.n_sent == 2);
	check_inventory(1, "i-0", 1, true);
	executor_start(&shell);
	WAIT_FOR(shell.requests == 1 && before.requests == 2);
	respond_list(&shell, "i-2", NULL, false);
	respond_list(&before, "i-0", "t-0", true);
	WAIT_FOR(fake_rpc.n_sent == 3);
	check_inventory(2, "i-2", 1, false);
	executor_stop(&before);
	tear_down_attached();
}
END

TEST(all_are_asked_again_when_one_begins_to_drain)
{
	set_up_both();
	respond_list(&shell, "i-1", "t-1", true);
	WAIT_FOR(shell.requests == 1 && before.requests == 1);
	ck_assert_uint_eq(fake_rpc.n_sent, 0);
	respond_list(&shell, "i-1", "t-1", true);
	respond_list(&before, "i-0", NULL, true);
	WAIT_FOR(fake_rpc.n_sent == 1);
	check_inventory(0, "i-1", 1, true);
	executor_stop(&before);
	tear_down_attached();
}
END

	static void
	check_partial(size_t i, bool partial)
{
	AUTO(msg_free) struct msg_box *box = fake_rpc_sent(i);

	ck_assert_int_eq(msg_get(box)->inventory.partial, partial);
}

TEST(one_that_hangs_is_left_out_until_it_answers)
{
	set_up_both();
	fake_rpc_close(RPC_STATUS_UNAVAILABLE);
	fake_rpc_open();
	WAIT_FOR(shell.requests == 1 && before.requests == 1);
	fake_rpc_forget();
	respond_list(&shell, "i-1", "t-1", false);
	respond_output(&shell, 1);
	WAIT_FOR(fake_rpc.n_sent == 2);
	check_inventory(0, "i-1", 1, false);
	check_partial(0, true);
	check_sent(1, MSG_OUTPUT);
	respond_list(&before, "i-0", "t-0", true);
	WAIT_FOR(shell.requests == 2); /* what it said is too old by now */
	ck_assert_uint_eq(fake_rpc.n_sent, 2);
	respond_list(&shell, "i-1", "t-1", false);
	WAIT_FOR(fake_rpc.n_sent == 3);
	check_inventory(2, "i-1", 2, false);
	check_partial(2, false);
	ck_assert_uint_eq(before.requests, 1);
	executor_stop(&before);
	tear_down_attached();
}
END

TEST(a_start_never_goes_to_one_that_hangs)
{
	shell.requests = before.requests = 0;
	set_up();
	executor_start(&shell);
	WAIT_FOR(shell.link);
	executor_start(&before);
	WAIT_FOR(before.link);
	fake_rpc_open();
	WAIT_FOR(shell.requests == 1 && before.requests == 1);
	respond_list(&before, "i-0", "t-0", true);
	WAIT_FOR(fake_rpc.n_sent == 2);
	check_inventory(1, "i-0", 1, true); /* so the server sends none */
	check_partial(1, true);
	ask(MSG_START, "t-2"); /* it was on its way */
	WAIT_FOR(before.requests == 2);
	ck_assert_uint_eq(shell.requests, 1);
	executor_stop(&before); /* nobody is left who could take one */
	WAIT_FOR(fake_rpc.n_sent == 3);
	check_sent(2, MSG_PLUGIN_DOWN);
	tear_down_attached();
}
END

TEST(one_that_takes_no_connection_is_left_out)
{
	shell.requests = 0;
	set_up();
	executor_start(&shell);
	executor_start(&before);
	block(&before);
	WAIT_FOR(shell.link);
	fake_rpc_open();
	WAIT_FOR(shell.requests == 1);
	respond_list(&shell, "i-1", "t-1", false);
	WAIT_FOR(fake_rpc.n_sent == 2);
	check_inventory(1, "i-1", 1, false);
	check_partial(1, true);
	unblock();
	executor_stop(&before);
	WAIT_FOR(shell.requests == 2); /* it is known to be gone */
	respond_list(&shell, "i-1", "t-1", false);
	WAIT_FOR(fake_rpc.n_sent == 3);
	check_partial(2, false);
	tear_down_attached();
}
END

	UNIT_MAIN("uplink", says_hello_with_who_it_is,
		attaches_and_drops_what_is_older_than_the_inventory,
		attaches_to_an_executor_that_comes_later,
		attaches_again_on_the_next_stream,
		says_that_a_plugin_is_down_and_attaches_when_it_is_back,
		hands_a_request_to_the_executor_of_its_plugin,
		refuses_a_start_for_a_plugin_that_is_not_there,
		answers_nobody_who_asks_without_end_and_reads_nothing,
		stops_reading_executors_while_the_stream_is_full,
		two_executors_of_a_plugin_are_one_to_the_server,
		the_end_of_the_one_before_is_no_end_of_the_plugin,
		without_the_new_one_the_plugin_takes_no_tasks,
		all_are_asked_again_when_one_begins_to_drain,
		one_that_hangs_is_left_out_until_it_answers,
		a_start_never_goes_to_one_that_hangs,
		one_that_takes_no_connection_is_left_out,
		stops_reading_the_stream_while_an_executor_is_full)
