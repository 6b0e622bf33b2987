/* credentials.c - what the uplink shows and whom it trusts */
#include "uplink/credentials.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/pass.h"
#include "conf/conf.h"

enum { FILE_MAX = 1 << 20 };

/* ------------------------------------------------------------------- files */

static void
free_token(char *token)
{
	if (token)
		explicit_bzero(token, strlen(token));
	free(token);
}

static int
read_text(const struct pass_file *file, char **out, struct err *err)
{
	struct buf text = { 0 };
	int r = file ? fd_read_all(file->fd, &text, FILE_MAX) : 0;

	*out = (char *)text.data; /* a NUL inside ends it, and then it fails */
	return r < 0 ? err_set(err, r, "cannot read %s '%s': %s", file->name,
			       file->path, err_name(-r))
		     : 0;
}

static const char *
path_of(const struct pass_file *file)
{
	return file ? file->path : NULL;
}

static int
read_pem(const struct pass *files, struct tls_pem *out, struct err *err)
{
	const struct pass_file *ca = pass_find(files, "ca"),
			       *cert = pass_find(files, "cert"),
			       *key = pass_find(files, "key");
	const struct tls_files names = {
		.ca = path_of(ca), .cert = path_of(cert), .key = path_of(key)
	};
	struct tls_pem pem = { 0 };
	int r = cert && !ca ? err_set(err, -EINVAL,
				      "a certificate needs a CA to know the "
				      "server by: give ca, too")
			    : read_text(ca, &pem.ca, err);

	if (r == 0)
		r = read_text(cert, &pem.cert, err);
	if (r == 0)
		r = read_text(key, &pem.key, err);
	if (r == 0)
		r = tls_check(&pem, &names, err);
	if (r < 0)
		tls_pem_done(&pem);
	else
		*out = pem;
	return r;
}

static int
read_token(const struct pass *files, char **out, struct err *err)
{
	const struct pass_file *file = pass_find(files, "token_file");

	*out = NULL;
	return file ? conf_secret_line(file->fd, file->path, out, err) : 0;
}

/* --------------------------------------------------------------------- use */

static void
tell_end(struct credentials *c, const struct pass *files)
{
	const char *path = path_of(pass_find(files, "cert"));
	char text[TLS_END_TEXT];

	if (c->pem.cert &&
		tls_ends_soon(c->pem.facts.not_after, &c->told_end_ms, text))
		log_warn(0,
			"the certificate in '%s' %s: nodelink-agent enroll "
			"gets another",
			path ? path : "?", text);
}

static void
use(struct credentials *c, const struct tls_pem *pem)
{
	c->pem = *pem;
	c->tls = (struct rpc_tls){
		.ca = pem->ca, .cert = pem->cert, .key = pem->key
	};
}

int
credentials_open(
	struct credentials *c, int socket, const char *token, struct err *err)
{
	AUTO_PASS struct pass files = { .n = 0 };
	struct tls_pem pem = { 0 };
	int r;

	*c = (struct credentials){ .socket = socket };
	r = socket < 0 ? 0 : pass_receive(socket, &files);
	if (r < 0)
		return err_set(err, r, "nothing comes from descriptor %d: %s",
			socket, err_name(-r));
	r = read_pem(&files, &pem, err);
	if (r < 0)
		return r;
	use(c, &pem);
	tell_end(c, &files);
	if (!token)
		return read_token(&files, &c->token, err);
	c->token = strdup(token);
	return c->token ? 0 : err_set(err, -ENOMEM, "out of memory");
}

void
credentials_done(struct credentials *c)
{
	tls_pem_done(&c->pem);
	free_token(TAKE(c->token));
}

const struct rpc_tls *
credentials_tls(const struct credentials *c)
{
	return c->pem.ca ? &c->tls : NULL;
}

/* ------------------------------------------------------------------- renew */

void
credentials_ask(const struct credentials *c)
{
	if (c->socket >= 0) /* when that fails we go on with what we have */
		(void)send(c->socket, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
tell_once(struct credentials *c, const struct err *err)
{
	if (strcmp(c->told.text, err->text) == 0)
		return;
	c->told = *err;
	log_error(
		0, "going on with the certificates read before: %s", err->text);
}

static bool
is_new_token(const struct credentials *c, const struct pass *files)
{
	char *token = NULL;
	bool is_new;

	if (read_token(files, &token, NULL) < 0 || !token)
		return false; /* perhaps it is just being written */
	is_new = !c->token || strcmp(token, c->token) != 0;
	free_token(token);
	return is_new;
}

static void
renew_tls(struct credentials *c, const struct pass *files,
	struct rpc_client *client)
{
	struct tls_pem before = c->pem, now = { 0 };
	struct err err;

	if (!before.ca)
		return;
	if (read_pem(files, &now, &err) < 0) {
		tell_once(c, &err);
		return;
	}
	c->told.text[0] = 0;
	if (tls_pem_same(&now, &before)) {
		tls_pem_done(&now);
		return;
	}
	use(c, &now);
	if (rpc_client_set_tls(client, &c->tls, &err) < 0) {
		tell_once(c, &err);
		use(c, &before);
		tls_pem_done(&now);
		return;
	}
	log_info("new certificates are in use");
	c->told_end_ms = 0;
	tls_pem_done(&before);
}

bool
credentials_renew(struct credentials *c, struct rpc_client *client)
{
	AUTO_PASS struct pass files = { .n = 0 };
	struct pass newer;
	bool came = false;

	/* Several may have come; the last one counts. */
	while (c->socket >= 0 && pass_receive(c->socket, &newer) == 0) {
		pass_done(&files);
		files = newer;
		came = true;
	}
	if (!came)
		return false;
	renew_tls(c, &files, client);
	tell_end(c, &files);
	return is_new_token(c, &files);
}
