/* context.c - which server is asked, and as whom */
#include "cli/context.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"

enum { URL_MAX = 2048 };

static char *
join(const char *folder, const char *name)
{
	char *text;

	return asprintf(&text, "%s/%s", folder, name) < 0 ? NULL : text;
}

static const char *
environment(const char *name)
{
	const char *text = getenv(name);

	return text && *text ? text : NULL;
}

char *
context_file(void)
{
	const char *home = environment("HOME"), *path;

	if ((path = environment("NODELINK_CONFIG")))
		return strdup(path);
	if ((path = environment("XDG_CONFIG_HOME")))
		return join(path, "nodelink/config");
	return join(home ? home : "", ".config/nodelink/config");
}

/* A file that the settings file names. */
static char *
named_file(const char *settings, const char *name)
{
	const char *home = environment("HOME");
	char *folder, *path;

	if (*name == '/')
		return strdup(name);
	if (strncmp(name, "~/", 2) == 0 && home)
		return join(home, name + 2);
	folder = strdup(settings);
	if (!folder)
		return NULL;
	path = strrchr(folder, '/');
	if (path)
		*path = 0;
	path = path ? join(folder, name) : strdup(name);
	free(folder);
	return path;
}

/* ---------------------------------------------------------------- the section */

struct section { /* [context name], while it is looked for */
	const char *name, *file;
	bool found;
	char *server, *token_file, *ca; /* own */
	struct err *err;
};

static void
section_done(struct section *s)
{
	free(s->server);
	free(s->token_file);
	free(s->ca);
}

static int
take_key(void *arg, const char *name, const char *key, const char *value,
	const char *where)
{
	static const char *const keys[] = { "server", "token_file", "ca" };
	struct section *s = arg;
	char **const places[] = { &s->server, &s->token_file, &s->ca };
	const char *like = conf_nearest(key, keys, ARRAY_SIZE(keys));

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (strcmp(key, keys[i]) != 0)
			continue;
		if (strcmp(name, s->name) != 0)
			return 0;
		s->found = true;
		*places[i] = i ? named_file(s->file, value) : strdup(value);
		return *places[i] ? 0 : -ENOMEM;
	}
	return err_set(s->err, -EINVAL, "%s: unknown key '%s'; %s%s%s", where,
		key,
		like ? "did you mean '" : "known are server, token_file, ca",
		like ? like : "", like ? "'?" : "");
}

static int
find_section(const struct conf *conf, const char *name, struct section *s)
{
	struct err *err = s->err;
	int r;

	s->name = name;
	s->file = conf_file(conf);
	r = s->file ? conf_each(conf, take_key, s) : 0;
	if (r == -ENOMEM)
		return err_set(err, r, "out of memory");
	if (r < 0 || s->found)
		return r;
	return err_set(err, -EINVAL,
		"there is no context '%s': no section [context %s] in %s", name,
		name, s->file ? s->file : "a settings file");
}

/* ------------------------------------------------------------------- checking */

/* http[s]://host[:port][/path], without a slash at its end. */
static int
check_server(struct context *c, struct err *err)
{
	size_t len = strlen(c->server);
	bool tls = strncmp(c->server, "https://", 8) == 0;
	const char *rest = c->server + (tls ? 8 : 7);
	char host[URL_MAX], name[256];
	uint16_t port;

	while (len && c->server[len - 1] == '/')
		c->server[--len] = 0;
	if ((!tls && strncmp(c->server, "http://", 7) != 0) || len >= URL_MAX ||
		strcspn(rest, "/?#@ ") == 0 || strpbrk(rest, "?#@ "))
		return err_set(err, -EINVAL,
			"the server is '%.200s', but must be a URL such as "
			"http://127.0.0.1:8080 or https://host:8443",
			c->server);
	(void)snprintf(host, sizeof host, "%.*s%s", (int)strcspn(rest, "/"),
		rest, ":1"); /* the port that counts is the first one */
	if (parse_address(host, name, &port) < 0) {
		host[strlen(host) - 2] = 0;
		if (parse_address(host, name, &port) < 0)
			name[0] = 0;
	}
	c->loopback = parse_is_loopback(name);
	return 0;
}

static int
read_token(const struct conf *conf, const char *file, struct context *c,
	struct err *err)
{
	int r;

	if (!file)
		return 0;
	r = conf_secret_file(file, &c->token, err);
	if (r < 0)
		return r;
	if (strncmp(c->server, "https:", 6) == 0 || c->loopback ||
		conf_bool(conf, "plaintext"))
		return 0;
	return err_set(err, -EPERM,
		"the token would go to '%s' without TLS, where others could "
		"read it: use https://, or --plaintext if a tunnel has it",
		c->server);
}

static int
copy(char **out, const char *text, struct err *err)
{
	if (!text)
		return 0;
	*out = strdup(text);
	return *out ? 0 : err_set(err, -ENOMEM, "out of memory");
}

/* A flag that names the context speaks for all of it: what the environment
 * says is meant for another server, its token above all. */
static const char *
beside_context(const struct conf *conf, const char *key)
{
	return conf_by_flag(conf, "nodelink.context") &&
			       !conf_by_flag(conf, key)
		       ? NULL
		       : conf_text(conf, key);
}

int
context_find(const struct conf *conf, struct context *out, struct err *err)
{
	__attribute__((
		cleanup(section_done))) struct section s = { .err = err };
	const char *name = conf_text(conf, "nodelink.context");
	const char *server = beside_context(conf, "server");
	const char *token = beside_context(conf, "token-file");
	const char *ca = beside_context(conf, "ca");
	int r = 0;

	if (!server && name) {
		r = find_section(conf, name, &s);
		if (r < 0)
			return r;
		if (!s.server)
			return err_set(err, -EINVAL,
				"%s: [context %s] has no key 'server'", s.file,
				name);
		r = copy(&out->name, name, err);
		server = s.server;
	}
	if (r == 0)
		r = copy(&out->server,
			server ? server : "http://127.0.0.1:8080", err);
	if (r == 0)
		r = copy(&out->ca, ca ? ca : s.ca, err);
	if (r == 0)
		r = check_server(out, err);
	return r < 0 ? r
		     : read_token(conf, token ? token : s.token_file, out, err);
}

void
context_done(struct context *context)
{
	if (context->token)
		explicit_bzero(context->token, strlen(context->token));
	free(context->token);
	free(context->name);
	free(context->server);
	free(context->ca);
	*context = (struct context){ 0 };
}
