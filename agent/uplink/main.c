/* main.c - nodelink-uplink: settings, then loop, executors' sockets, stream
 *
 * Started by nodelink-agent. Talks to the network and starts no program. */
#include <limits.h>
#include <signal.h>

#include "base/fd.h"
#include "base/id.h"
#include "base/log.h"
#include "base/parse.h"
#include "conf/conf.h"
#include "loop/loop.h"
#include "sandbox/sandbox.h"
#include "uplink/credentials.h"
#include "uplink/uplink.h"

enum { WRONG_USAGE = 2, LEAVE_MS = 2000, DNS_PORT = 53 };

static const struct conf_item items[] = {
	{ .key = "agent-id",
		.flag = "agent-id",
		.arg = "ID",
		.help = "name of this agent" },
	{ .key = "server",
		.flag = "server",
		.type = CONF_ADDRESS,
		.fallback = "127.0.0.1:9090",
		.help = "the server's gRPC address" },
	{ .key = "credentials",
		.flag = "credentials",
		.type = CONF_INT,
		.arg = "FD",
		.fallback = "-1",
		.min = -1,
		.max = INT_MAX,
		.help = "socket by which nodelink-agent hands over token, key "
			"and certificates" },
	{ .key = "runtime-dir",
		.flag = "runtime-dir",
		.type = CONF_PATH,
		.fallback = NODELINK_RUNDIR,
		.help = "where the executors' sockets are" },
	{ .key = "token",
		.env = "NODELINK_AGENT_TOKEN",
		.arg = "TOKEN",
		.help = "the token itself" },
	{ .key = "sandbox",
		.flag = "sandbox",
		.arg = "WHAT",
		.fallback = "kill",
		.help = "what a system call outside the program's list does: "
			"kill, log, or off" },
	{ .key = "landlock",
		.flag = "landlock",
		.type = CONF_BOOL,
		.fallback = "yes",
		.help = "only the files that it needs can be reached" },
	{ .key = "log-level",
		.flag = "log-level",
		.type = CONF_LEVEL,
		.fallback = "info",
		.help = "error, warn, info or debug" },
};

static const struct conf_program program = {
	.name = "nodelink-uplink",
	.summary = "Connects the executors of this host to a nodelink server.",
	.items = items,
	.n_items = ARRAY_SIZE(items),
};

struct app {
	struct loop *loop;
	struct uplink *uplink;
	const struct sandbox *sandbox;
	struct loop_timer *leave;
	bool stopping;
};

static void
left(void *arg)
{
	struct app *app = arg;

	loop_stop(app->loop);
}

static void
stop(void *arg, int signo)
{
	struct app *app = arg;

	if (app->stopping)
		return;
	app->stopping = true;
	log_info("%s: leaving", signal_name(signo));
	uplink_stop(app->uplink, LEAVE_MS, left, app);
}

static void
leave(void *arg)
{
	struct app *app = arg;

	app->stopping = true;
	uplink_stop(app->uplink, LEAVE_MS, left, app);
}

/* There is no way back to a file that has taken another's place, such as a new
 * /etc/resolv.conf, but for a new process; the monitor makes one. */
static void
disconnected(void *arg)
{
	struct app *app = arg;
	const char *path =
		app->stopping ? NULL : sandbox_outdated(app->sandbox);

	if (!path)
		return;
	log_warn(0, "'%s' was replaced and is out of reach: starting again",
		path);
	leave(app);
}

/* Not from inside a try. */
static void
token_changed(void *arg)
{
	struct app *app = arg;

	if (app->stopping || loop_timer_active(app->leave))
		return;
	log_info("this agent has a new token: starting again");
	loop_timer_set(app->leave, 0);
}

static void
add_read(void *arg, const char *path)
{
	sandbox_add(arg, (struct sandbox_path){ .path = path, .folder = true });
}

static void
add_paths(struct sandbox *s, const struct conf *conf)
{
	const char *server = conf_text(conf, "server");
	char host[256];

	sandbox_add_system(s);
	conf_each_path(conf, add_read, s);
	if (parse_address(server, host, &s->ports[0]) == 0)
		s->ports[1] = DNS_PORT; /* long answers come by TCP */
}

static int
confine(const struct conf *conf, struct sandbox *out, struct err *err)
{
	int r;

	*out = (struct sandbox){ .profile = &sandbox_uplink };
	r = sandbox_parse(conf_text(conf, "sandbox"), &out->seccomp, err);
	if (r < 0)
		return r;
	if (conf_bool(conf, "landlock"))
		add_paths(out, conf);
	return sandbox_confine(out, err);
}

static int
run(struct uplink_conf *conf, struct sandbox *sandbox, struct err *err)
{
	AUTO(loop_free) struct loop *loop = loop_new();
	struct app app = { .loop = loop, .sandbox = sandbox };
	struct loop_signal *term, *interrupt;
	struct sandbox_line line;
	int r;

	app.leave = loop ? loop_timer_new(loop, leave, &app) : NULL;
	if (!app.leave)
		return err_set(err, -1, "cannot make an event loop");
	conf->on_disconnected = disconnected;
	conf->on_new_token = token_changed;
	conf->arg = &app;
	r = uplink_new(loop, conf, &app.uplink, err);
	if (r < 0) {
		loop_timer_free(app.leave);
		return r;
	}
	r = sandbox_filter(sandbox, err);
	term = loop_signal_new(loop, SIGTERM, stop, &app);
	interrupt = loop_signal_new(loop, SIGINT, stop, &app);
	log_info("sandbox: %s", sandbox_describe(sandbox, &line));
	if (r == 0 && term && interrupt)
		loop_run(loop);
	else if (r == 0)
		r = err_set(err, -1, "cannot wait for signals");
	loop_signal_free(term);
	loop_signal_free(interrupt);
	uplink_free(app.uplink);
	loop_timer_free(app.leave);
	return r;
}

static int
apply(const struct conf *conf, struct uplink_conf *out, struct err *err)
{
	log_set_level((enum log_level)conf_number(conf, "log-level"));
	out->agent_id = conf_text(conf, "agent-id");
	out->server = conf_text(conf, "server");
	out->runtime_dir = conf_text(conf, "runtime-dir");
	if (!out->agent_id)
		return err_set(err, -1, "--agent-id is missing");
	if (!id_valid_agent(out->agent_id))
		return err_set(err, -1,
			"--agent-id: '%s' is not a valid id (1 to 64 of "
			"A-Z a-z 0-9 . _ -)",
			out->agent_id);
	return 0;
}

int
main(int argc, char **argv)
{
	AUTO(conf_free) struct conf *conf = NULL;
	struct credentials credentials = { .socket = -1 };
	struct uplink_conf uplink = { .credentials = &credentials };
	struct sandbox sandbox;
	struct err err = { "" };
	int r;

	if (fd_hold_standard(argv) < 0)
		return EXIT_FAILURE; /* where to say it? */
	log_open(program.name);
	(void)signal(SIGPIPE, SIG_IGN); /* cannot fail */
	r = conf_new(&program, argc, argv, &conf, &err);
	if (r == CONF_EXIT)
		return EXIT_SUCCESS;
	if (r == CONF_OK)
		r = apply(conf, &uplink, &err);
	if (r == 0)
		r = credentials_open(&credentials,
			(int)conf_number(conf, "credentials"),
			conf_text(conf, "token"), &err);
	if (r == 0)
		r = confine(conf, &sandbox, &err);
	if (r < 0) {
		log_error(0, "%s", err.text);
		return WRONG_USAGE;
	}
	(void)fd_raise_limit(); /* the usual one will mostly do */
	r = run(&uplink, &sandbox, &err);
	credentials_done(&credentials);
	if (r < 0)
		log_error(0, "%s", err.text);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
