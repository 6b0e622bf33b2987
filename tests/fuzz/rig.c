/* rig.c - a whole server in this process, with two agents */
#include "tests/fuzz/rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/fuzz/fuzz.h"

enum {
	ANSWER_MAX = 4 << 20,
	/* Turns of the loop without a byte: nothing more will come. */
	QUIET = 4,
};

struct api rig;
struct rpc_stream rig_a, rig_b;
static struct http *http;
static uint16_t port;
static struct buf answer;
char rig_token[AUTH_SECRET];
static char auth_dir[] = "/tmp/fuzz-auth-XXXXXX";

void
rig_say(struct rpc_stream *s, struct msg msg)
{
	AUTO_BUF struct buf b = { 0 };

	msg.plugin = msg.plugin ? msg.plugin : "shell";
	if (msg_pack(&msg, &b) == 0)
		hub_rpc_ops.on_message(rig.hub, s, b.data, b.len);
}

void
rig_connect(const char *id, struct rpc_stream *s)
{
	static const struct msg_field shell[] = {
		{ .name = "cmd", .type = "text", .required = true },
		{ .name = "cwd", .type = "path" }
	};
	static const struct msg_limit_kind limits[] = { { "pids", "cgroup1" },
		{ "open_files", "rlimit" } };
	const struct rpc_hello hello = { .agent_id = id,
		.agent_token = "",
		.peer = "test" };
	enum rpc_status status;
	struct err err;

	*s = (struct rpc_stream){ 0 };
	MUST(hub_rpc_ops.on_open(rig.hub, s, &hello, &status, &err) == 0);
	rig_say(s, (struct msg){ .kind = MSG_HELLO,
			   .hello = { "0.1", "boot", "host" } });
	rig_say(s, (struct msg){ .kind = MSG_INVENTORY,
			   .inventory = { .instance = "i",
				   .containment = "cgroup2",
				   .params = shell,
				   .n_params = 2,
				   .limits = limits,
				   .n_limits = 2,
				   .complete = true } });
}

static void
add_login(void)
{
	static const struct msg_field login[] = {
		{ .name = "host", .type = "text", .required = true },
		{ .name = "tries", .type = "int", .fallback = "3" },
		{ .name = "words", .type = "text", .list = true },
		{ .name = "wait", .type = "msec" },
		{ .name = "size", .type = "size" },
		{ .name = "yes", .type = "bool" },
		{ .name = "password", .type = "text", .secret = true }
	};

	rig_say(&rig_a, (struct msg){ .kind = MSG_INVENTORY,
				.plugin = "login",
				.inventory = { .instance = "j",
					.params = login,
					.n_params = 7 } });
}

static void
drop_auth(void)
{
	char path[64];

	(void)snprintf(path, sizeof path, "%s/auth.db", auth_dir);
	(void)unlink(path);
	(void)rmdir(auth_dir);
}

/* One database for all that this process does. */
static void
open_auth(void)
{
	const struct auth_token_spec spec = { .client = "fuzz",
		.role = AUTH_VIEWER };
	char path[64];
	const struct auth_conf conf = { .path = path };
	struct err err = { "" };

	if (!*rig_token) {
		MUST(mkdtemp(auth_dir));
		(void)atexit(drop_auth);
	}
	(void)snprintf(path, sizeof path, "%s/auth.db", auth_dir);
	MUST(auth_new(rig.loop, &conf, &rig.auth, &err) == 0);
	if (!*rig_token)
		MUST(auth_token_new(rig.auth, &spec, rig_token, &err) == 0);
}

void
rig_open(enum rig_kind kind)
{
	const struct store_memory_conf memory = { .loop = rig.loop = loop_new(),
		.dir = "/tmp",
		.limits = { .retention_ms = 1000000,
			.max_tasks = 1000,
			.max_output = 1 << 30 } };
	struct hub_conf conf = { .loop = rig.loop,
		.default_grace_ms = 10000,
		.default_start_timeout_ms = 60000,
		.lost_after_ms = 60000,
		.default_output_limit = 1 << 20,
		.window = 1 << 16 };
	const struct http_conf hc = { .host = "127.0.0.1",
		.routes = api_routes,
		.n_routes = api_n_routes,
		.gate = &api_gate,
		.arg = &rig,
		.max_connections = 64 };
	struct err err = { "" };

	log_set_level(LOG_LEVEL_ERROR);
	MUST(store_memory_new(&memory, &rig.store) == 0);
	conf.store = rig.store;
	MUST(hub_new(&conf, &rig.hub, NULL) == 0);
	rig.auth = NULL;
	if (kind == RIG_GUARDED)
		open_auth();
	if (kind != RIG_HUB)
		MUST(http_new(rig.loop, &hc, &http, &port, &err) == 0);
	rig.http = http;
	rig_connect("a", &rig_a);
	rig_connect("b", &rig_b);
	add_login();
}

void
rig_close(void)
{
	http_free(TAKE(http));
	api_done(&rig);
	auth_free(rig.auth);
	hub_free(rig.hub);
	rig.store->ops->free(rig.store);
	loop_free(rig.loop);
	buf_done(&answer);
}

static void
keep(void *arg, int r, struct task *t)
{
	MUST(r == 0);
	*(struct task **)arg = t;
}

struct task *
rig_create(const char *agent_id)
{
	static const char *const value = "true";
	static const struct msg_param param = { "cmd", &value, 1 };
	const struct hub_task spec = { .agent_id = agent_id,
		.plugin = "shell",
		.owner = "",
		.start_timeout_ms = -1,
		.start = { .params = &param, .n_params = 1, .grace_ms = -1 } };
	struct task *t = NULL;
	struct err err;

	return hub_create(rig.hub, &spec, keep, &t, &err) == 0 ? t : NULL;
}

/* --------------------------------------------------------------------- HTTP */

static int
dial(void)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	/* Its end is no TIME_WAIT: there are more inputs than ports. */
	const struct linger cut = { 1, 0 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	MUST(fd >= 0);
	MUST(connect(fd, (const struct sockaddr *)&to, sizeof to) == 0);
	MUST(setsockopt(fd, SOL_SOCKET, SO_LINGER, &cut, sizeof cut) == 0);
	return fd;
}

/* False: the connection has ended. */
static bool
receive(int fd, bool *some)
{
	char data[65536];
	ssize_t n = recv(fd, data, sizeof data, MSG_DONTWAIT);

	if (n > 0) {
		MUST(buf_add(&answer, data, (size_t)n) == 0);
		MUST(answer.len < ANSWER_MAX);
		*some = true;
	}
	return n > 0 || (n < 0 && errno == EAGAIN);
}

const struct buf *
rig_ask(const uint8_t *data, size_t len)
{
	int fd = dial(), quiet = 0;
	bool open = true, told = false;

	buf_clear(&answer);
	while (open && quiet < QUIET) {
		ssize_t n =
			len ? send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL)
			    : 0;
		bool some = n > 0;

		if (n > 0) {
			data += n;
			len -= (size_t)n;
		} else if (n < 0 && errno != EAGAIN) {
			len = 0; /* the server has had enough */
		}
		if (!len && !told) {
			(void)shutdown(fd, SHUT_WR);
			told = some = true;
		}
		loop_turn(rig.loop, 0);
		open = receive(fd, &some);
		quiet = some ? 0 : quiet + 1;
	}
	(void)close(fd);
	for (int i = 0; http_connections(http) && i < 100; i++)
		loop_turn(rig.loop, 1);
	MUST(http_connections(http) == 0);
	return &answer;
}
