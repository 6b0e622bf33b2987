/* credentials.c - what the uplink shows and whom it trusts, from its files */
#include "uplink/credentials.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"

static void
use(struct credentials *c, const struct tls_pem *pem)
{
	c->pem = *pem;
	c->tls = (struct rpc_tls){
		.ca = pem->ca, .cert = pem->cert, .key = pem->key
	};
}

int
credentials_read(
	struct credentials *c, const struct tls_files *files, struct err *err)
{
	struct tls_pem pem;
	int r;

	c->files = files;
	if (files->cert && !files->ca)
		return err_set(err, -EINVAL,
			"a certificate needs a CA to know the server by: give "
			"ca, too");
	r = tls_read(files, &pem, err);
	if (r == 0)
		use(c, &pem);
	return r;
}

void
credentials_done(struct credentials *c)
{
	tls_pem_done(&c->pem);
}

const struct rpc_tls *
credentials_tls(const struct credentials *c)
{
	return c->pem.ca ? &c->tls : NULL;
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

void
credentials_renew(struct credentials *c, struct rpc_client *client)
{
	struct tls_pem before = c->pem, now = { 0 };
	struct err err;

	if (!before.ca)
		return;
	if (tls_read(c->files, &now, &err) < 0) {
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
	tls_pem_done(&before);
}
