/* uplink-rig.c - an uplink; executors are sockets of the test's, the server is
 * fake-rpc.c */
#include "tests/unit/agent/uplink-rig.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/log.h"
#include "base/place.h"
#include "uplink/credentials.h"
#include "uplink/uplink.h"

struct loop *loop;
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
struct executor shell = { .plugin = "shell" };
struct executor before = { .plugin = "shell", .place = 1 };

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

void
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

void
executor_stop(struct executor *ex)
{
	link_free(TAKE(ex->link));
	loop_watch_free(TAKE(ex->watch));
	(void)close(ex->listener);
	(void)unlink(ex->path);
}

void
respond(struct executor *ex, struct msg *msg)
{
	msg->agent_id = "agent1";
	msg->plugin = ex->plugin;
	ck_assert_int_eq(link_send(ex->link, msg, true), 0);
}

void
respond_inventory(struct executor *ex)
{
	struct msg msg = { .kind = MSG_INVENTORY, .inventory.instance = "i-1" };

	respond(ex, &msg);
}

void
respond_output(struct executor *ex, uint64_t seq)
{
	struct msg msg = { .kind = MSG_OUTPUT,
		.task_id = "t-1",
		.seq = seq,
		.output = { MSG_STDOUT, (const uint8_t *)"hi", 2 } };

	respond(ex, &msg);
}

/* ------------------------------------------------------------------- frame */

void
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

void
tear_down(void)
{
	uplink_free(uplink);
	loop_free(loop);
	fake_rpc_forget();
	ck_assert_int_eq(rmdir(dir), 0);
}

/* An executor and an open stream, its Inventory at the server. */
void
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

void
tear_down_attached(void)
{
	executor_stop(&shell);
	tear_down();
}

void
check_sent(size_t i, enum msg_kind kind)
{
	AUTO(msg_free) struct msg_box *box = fake_rpc_sent(i);

	ck_assert_int_eq(msg_get(box)->kind, kind);
	ck_assert_str_eq(msg_get(box)->agent_id, "agent1");
}

void
deliver(enum msg_kind kind, const char *agent_id, const char *plugin)
{
	struct msg msg = { .kind = kind,
		.agent_id = agent_id,
		.task_id = "t-1",
		.plugin = plugin };

	fake_rpc_deliver(&msg);
}
