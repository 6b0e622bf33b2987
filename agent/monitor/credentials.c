/* credentials.c - what the uplink shows to the server, and how it knows it */
#include "monitor/credentials.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"

enum { KEY_MAX = 1 << 20 };

/* The uplink reads it for itself. */
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

static int
check_tls(const struct settings *s, struct err *err)
{
	AUTO_BUF struct buf key = { 0 };
	int r;

	if (!s->cert != !s->key || (s->cert && !s->ca))
		return err_set(err, -EINVAL,
			"[agent] cert and key are given together, and with ca");
	if (s->ca && access(s->ca, R_OK) < 0)
		return err_set(err, -errno, "cannot read ca '%s': %s", s->ca,
			err_name(errno));
	if (!s->cert)
		return 0;
	if (access(s->cert, R_OK) < 0)
		return err_set(err, -errno, "cannot read cert '%s': %s",
			s->cert, err_name(errno));
	r = conf_secret_bytes(s->key, KEY_MAX, &key, err);
	if (key.data)
		explicit_bzero(key.data, key.len);
	return r;
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
	int r = check_reach(s, err);

	if (r == 0)
		r = check_token(s, err);
	return r < 0 ? r : check_tls(s, err);
}
