/* main.c - nodelink-enroll: makes a key, gets a certificate for it, writes both
 *
 * Started as "nodelink-agent enroll", by an administrator, once for each agent
 * and again before its certificate ends. Mostly by root, and whoever answers is
 * not known yet: so what is to be read is read first, and then all is given up
 * but the server's port and the folder. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/dump.h"
#include "base/fd.h"
#include "base/id.h"
#include "base/log.h"
#include "base/parse.h"
#include "conf/conf.h"
#include "enroll/answer.h"
#include "enroll/ask.h"
#include "enroll/identity.h"
#include "sandbox/sandbox.h"
#include "tls/folder.h"

enum { WRONG_USAGE = 2, DNS_PORT = 53 };

static char hostname[HOST_NAME_MAX + 1];

static const struct conf_item items[] = {
	{ .key = "server",
		.flag = "server",
		.arg = "URL",
		.help = "the server's HTTP API, https://host:port" },
	{ .key = "id",
		.flag = "id",
		.arg = "ID",
		.fallback = hostname,
		.help = "name of this agent" },
	{ .key = "token",
		.env = "NODELINK_ENROLL_TOKEN",
		.arg = "TOKEN",
		.help = "one-time token of \"nodelink-server enroll-token\"" },
	{ .key = "token-file",
		.flag = "token-file",
		.arg = "FILE",
		.help = "secret file (mode 0600) with the token; -: it comes "
			"on standard input" },
	{ .key = "ca-hash",
		.flag = "ca-hash",
		.arg = "HASH",
		.help = "what \"nodelink-server ca hash\" says, to know the "
			"server by" },
	{ .key = "ca",
		.flag = "ca",
		.type = CONF_PATH,
		.arg = "FILE",
		.help = "instead: CAs to know it by (default: the system's)" },
	{ .key = "dir",
		.flag = "dir",
		.type = CONF_PATH,
		.arg = "DIR",
		.fallback = NODELINK_SYSCONFDIR "/tls",
		.help = "where agent.crt, agent.key and ca.crt are written" },
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
		.help = "only the folder and what libraries need can be "
			"reached" },
	{ .key = "log-level",
		.flag = "log-level",
		.type = CONF_LEVEL,
		.fallback = "info",
		.help = "error, warn, info or debug" },
};

static const struct conf_program program = {
	.name = "nodelink-agent enroll",
	.summary = "Gets this host a certificate as an agent.",
	.items = items,
	.n_items = ARRAY_SIZE(items),
	.page = "nodelink-enroll(8)",
};

struct settings {
	const char *server, *id, *ca_hash, *dir;
	uint16_t port; /* of the server */
	struct tls_pem trust; /* own: --ca */
	char *token; /* own */
	struct sandbox sandbox;
};

/* ----------------------------------------------------------------- settings */

/* Without TLS the token could be read, and the server be anybody. */
static int
check_url(const char *url, uint16_t *port, struct err *err)
{
	char host[256];

	if (!url)
		return err_set(err, -EINVAL, "--server is missing");
	if (strncmp(url, "https://", 8) == 0 && ask_port(url, port) == 0)
		return 0;
	if (strncmp(url, "http://", 7) == 0 &&
		parse_address(url + 7, host, port) == 0 &&
		parse_is_loopback(host))
		return 0;
	return err_set(err, -EINVAL,
		"--server: expected https://host:port, got '%s'", url);
}

static int
find_token(const struct conf *conf, char **out, struct err *err)
{
	const char *token = conf_text(conf, "token");
	const char *file = conf_text(conf, "token-file");

	if (token && !file) {
		*out = strdup(token);
		return *out ? 0 : err_set(err, -ENOMEM, "out of memory");
	}
	if (!file || token)
		return err_set(err, -EINVAL,
			"one of --token-file and $NODELINK_ENROLL_TOKEN is "
			"needed");
	if (strncmp(file, "nle_", 4) == 0) /* it is not to be in the log, too */
		return err_set(err, -EINVAL,
			"--token-file names a file; a token that was an "
			"argument could be seen by others: get a new one");
	return strcmp(file, "-") == 0 ? conf_secret_line(STDIN_FILENO,
						"standard input", out, err)
				      : conf_secret_file(file, out, err);
}

/* While we may read them: the files that are named. */
static int
read_files(const struct conf *conf, struct settings *s, struct err *err)
{
	const struct tls_files files = { .ca = conf_text(conf, "ca") };
	int r = files.ca ? tls_read(&files, &s->trust, err) : 0;

	return r < 0 ? r : find_token(conf, &s->token, err);
}

static int
read_settings(const struct conf *conf, struct settings *s, struct err *err)
{
	int r;

	log_set_level((enum log_level)conf_number(conf, "log-level"));
	s->server = conf_text(conf, "server");
	s->id = conf_text(conf, "id");
	s->ca_hash = conf_text(conf, "ca-hash");
	s->dir = conf_text(conf, "dir");
	r = check_url(s->server, &s->port, err);
	if (r < 0)
		return r;
	if (!id_valid_agent(s->id))
		return err_set(err, -EINVAL,
			"'%s' is not a valid agent id (1 to 64 of A-Z a-z 0-9 "
			". _ -); set one with --id",
			s->id);
	if (conf_text(conf, "ca") && s->ca_hash)
		return err_set(err, -EINVAL,
			"--ca and --ca-hash are two ways to know the server: "
			"give one");
	if (s->ca_hash && (strncmp(s->ca_hash, "sha256:", 7) != 0 ||
				  strlen(s->ca_hash) != TLS_HASH - 1))
		return err_set(err, -EINVAL,
			"--ca-hash: expected sha256: and 64 digits, got '%s'",
			s->ca_hash);
	r = sandbox_parse(conf_text(conf, "sandbox"), &s->sandbox.seccomp, err);
	if (r == 0)
		r = read_files(conf, s, err);
	return r;
}

/* ------------------------------------------------------------------- sandbox */

static int
confine(const struct conf *conf, struct settings *s, struct err *err)
{
	struct sandbox *box = &s->sandbox;
	int r = folder_make(s->dir, err);

	if (r == 0)
		r = folder_become_owner(s->dir, err);
	if (r < 0)
		return r;
	box->profile = &sandbox_enroll;
	if (conf_bool(conf, "landlock")) {
		sandbox_add_system(box);
		sandbox_add(box,
			(struct sandbox_path){ .path = s->dir, .write = true });
		box->ports[0] = s->port;
		box->ports[1] = DNS_PORT; /* long answers come by TCP */
	}
	return sandbox_confine(box, err);
}

/* When the libraries are there. */
static int
filter(struct settings *s, struct err *err)
{
	struct sandbox_line line;
	int r = ask_begin();

	r = r < 0 ? err_set(err, r, "out of memory")
		  : sandbox_filter(&s->sandbox, err);
	if (r == 0)
		log_debug("sandbox: %s", sandbox_describe(&s->sandbox, &line));
	return r;
}

/* ---------------------------------------------------------------- enrolment */

/* Ask anybody for the CA, and see by its hash that it is the right one. */
static int
learn_ca(const struct settings *s, char **out, struct err *err)
{
	const struct ask blindly = { .server = s->server, .blindly = true };
	AUTO(json_decref) json_t *answer = NULL;
	int r = ask(&blindly, "/enroll", NULL, &answer, err);

	return r < 0 ? r : answer_ca(answer, s->ca_hash, s->server, out, err);
}

static int
ask_for_certificate(const struct settings *s, const struct ask *how,
	const char *csr, json_t **out, struct err *err)
{
	AUTO(json_decref)
	json_t *body = json_pack("{s:s, s:s, s:s}", "agent_id", s->id, "token",
		s->token, "csr", csr);

	if (!body)
		return err_set(err, -EINVAL, "the token is not text");
	return ask(how, "/enroll", body, out, err);
}

static int
enroll(const struct settings *s, struct err *err)
{
	AUTO(identity_free) struct identity *identity = identity_new(err);
	AUTO(json_decref) json_t *answer = NULL;
	AUTO_FREE char *csr = NULL, *pinned = NULL;
	struct ask how = { .server = s->server, .ca = s->trust.ca };
	const char *cert = NULL, *ca = NULL;
	int r = 0;

	if (!identity || !(csr = identity_request(identity, err)))
		return -ENOMEM;
	if (s->ca_hash && strncmp(s->server, "https:", 6) == 0)
		r = learn_ca(s, &pinned, err);
	if (pinned)
		how.ca = pinned;
	if (r >= 0)
		r = ask_for_certificate(s, &how, csr, &answer, err);
	if (r >= 0)
		r = answer_text(answer, "certificate", &cert, err);
	if (r >= 0 && s->ca_hash && !pinned) /* loopback, without TLS */
		r = answer_ca(answer, s->ca_hash, s->server, &pinned, err);
	if (r >= 0)
		r = answer_text(answer, "ca", &ca, err);
	return r < 0 ? r
		     : identity_save(identity, s->id, cert,
			       pinned ? pinned : ca, s->dir, err);
}

static int
say_what_next(const struct settings *s, struct err *err)
{
	log_info("agent '%s' has its certificate; the lines on stdout belong "
		 "into nodelink-agent.conf",
		s->id);
	(void)printf("[agent]\nid = %s\nca = %s/ca.crt\ncert = %s/agent.crt\n"
		     "key = %s/agent.key\n",
		s->id, s->dir, s->dir, s->dir);
	return fflush(stdout) == 0
		       ? 0
		       : err_set(err, -errno, "cannot write to stdout");
}

static void
settings_done(struct settings *s)
{
	if (s->token)
		explicit_bzero(s->token, strlen(s->token));
	free(s->token);
	tls_pem_done(&s->trust);
}

int
main(int argc, char **argv)
{
	AUTO(conf_free) struct conf *conf = NULL;
	struct settings s = { 0 };
	struct err err = { "" };
	int r;

	if (fd_hold_standard(argv) < 0)
		return EXIT_FAILURE; /* where to say it? */
	log_open("nodelink-enroll");
	(void)signal(SIGPIPE, SIG_IGN); /* cannot fail */
	if (gethostname(hostname, sizeof hostname - 1) < 0)
		hostname[0] = 0; /* then --id is needed, and said so */
	r = dump_forbid(&err);
	if (r == 0)
		r = conf_new(&program, argc, argv, &conf, &err);
	if (r == CONF_EXIT)
		return EXIT_SUCCESS;
	if (r == CONF_OK)
		r = read_settings(conf, &s, &err);
	if (r < 0) {
		log_error(0, "%s", err.text);
		settings_done(&s);
		return WRONG_USAGE;
	}
	r = confine(conf, &s, &err);
	if (r == 0)
		r = filter(&s, &err);
	if (r == 0)
		r = enroll(&s, &err);
	if (r == 0)
		r = say_what_next(&s, &err);
	if (r < 0)
		log_error(0, "%s", err.text);
	settings_done(&s);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
