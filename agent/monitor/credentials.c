/* credentials.c - what the uplink shows to the server, and how it knows it */
#include "monitor/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/pass.h"

enum { ASK_PAUSE_MS = 20 }; /* for an uplink that does nothing but ask */

struct credentials {
	const struct settings *settings;
	struct loop *loop;
	int fd; /* our end, or -1 */
	struct loop_watch *watch;
	struct loop_timer *answer;
	struct err told;
};

/* ------------------------------------------------------------------- files */

static int
open_one(const char *name, const char *path, bool secret, struct pass *out,
	struct err *err)
{
	/* non-blocking: a pipe at this place must not hold us up */
	AUTO_CLOSE int fd = path ? fd_open(path, O_RDONLY | O_NONBLOCK) : -1;
	int r;

	if (!path)
		return 0;
	if (fd < 0)
		return err_set(err, fd, "cannot read %s '%s': %s", name, path,
			err_name(-fd));
	r = secret ? conf_trust(fd, "secret file", path, true, err) : 0;
	if (r == 0)
		out->files[out->n++] =
			(struct pass_file){ name, path, TAKE_FD(fd) };
	return r;
}

static int
open_all(const struct settings *s, struct pass *out, struct err *err)
{
	const bool told = conf_text(s->conf, "token") != NULL;
	int r = open_one("ca", s->ca, false, out, err);

	if (r == 0)
		r = open_one("cert", s->cert, false, out, err);
	if (r == 0)
		r = open_one("key", s->key, true, out, err);
	if (r == 0 && !told)
		r = open_one("token_file", s->token_file, true, out, err);
	return r;
}

/* ------------------------------------------------------------------- check */

static int
check_token(const struct settings *s, struct err *err)
{
	char *token;
	int r;

	if (!s->token_file)
		return 0;
	r = conf_secret_file(s->token_file, &token, err);
	if (r < 0)
		return r;
	explicit_bzero(token, strlen(token));
	free(token);
	return 0;
}

static bool
is_on_this_host(const char *server)
{
	char host[256];
	uint16_t port;

	return strncmp(server, "unix:", 5) == 0 ||
	       (parse_address(server, host, &port) == 0 &&
		       parse_is_loopback(host));
}

/* Whoever is on the way could be the server: he would have the token, and this
 * node would run what he says. */
static int
check_reach(const struct settings *s, struct err *err)
{
	if (s->ca || is_on_this_host(s->server) ||
		conf_bool(s->conf, "agent.plaintext"))
		return 0;
	return err_set(err, -EINVAL,
		"server '%s' is another host, and without TLS anybody on the "
		"way there could read the token and give tasks to this one: "
		"give ca in [agent], or say 'plaintext = yes' there if a "
		"tunnel has TLS",
		s->server);
}

int
credentials_check(const struct settings *s, struct err *err)
{
	AUTO_PASS struct pass files = { .n = 0 };
	int r = check_reach(s, err);

	if (r == 0 && (!s->cert != !s->key || (s->cert && !s->ca)))
		r = err_set(err, -EINVAL,
			"[agent] cert and key are given together, and with ca");
	if (r == 0)
		r = check_token(s, err);
	return r < 0 ? r : open_all(s, &files, err);
}

/* ---------------------------------------------------------------- hand over */

static void
disconnect(struct credentials *c)
{
	loop_watch_free(TAKE(c->watch));
	loop_timer_stop(c->answer);
	if (c->fd >= 0)
		(void)close(TAKE_FD(c->fd));
}

/* What is wrong with a file is said once, and the uplink goes on with what it
 * has. */
static int
send_files(struct credentials *c)
{
	AUTO_PASS struct pass files = { .n = 0 };
	struct err err = { "" };
	int r = open_all(c->settings, &files, &err);

	if (r == 0)
		r = pass_send(c->fd, &files);
	else if (strcmp(c->told.text, err.text) != 0)
		log_error(0, "%s", err.text);
	c->told = err;
	return r;
}

static void
answer(void *arg)
{
	(void)send_files(arg); /* not taken: the uplink asks again */
}

/* Whatever it says, that is what it wants. */
static void
asked(void *arg, int fd, unsigned ready)
{
	struct credentials *c = arg;
	char nothing;
	ssize_t n = recv(fd, &nothing, sizeof nothing, MSG_DONTWAIT);

	(void)ready;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		disconnect(c);
	else if (n > 0 && !loop_timer_active(c->answer))
		loop_timer_set(c->answer, ASK_PAUSE_MS);
}

int
credentials_connect(void *credentials)
{
	struct credentials *c = credentials;
	AUTO_CLOSE int theirs = -1;
	int ends[2], r;

	disconnect(c);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	c->fd = ends[0];
	theirs = ends[1];
	c->told.text[0] = 0;
	r = send_files(c);
	if (r < 0)
		return r;
	c->watch = loop_watch_new(c->loop, c->fd, LOOP_READ, asked, c);
	return c->watch ? TAKE_FD(theirs) : -ENOMEM;
}

struct credentials *
credentials_new(struct loop *loop, const struct settings *s)
{
	AUTO(credentials_free) struct credentials *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->settings = s;
	c->loop = loop;
	c->fd = -1;
	c->answer = loop_timer_new(loop, answer, c);
	return c->answer ? TAKE(c) : NULL;
}

void
credentials_free(struct credentials *c)
{
	if (!c)
		return;
	if (c->answer)
		disconnect(c);
	loop_timer_free(c->answer);
	free(c);
}
