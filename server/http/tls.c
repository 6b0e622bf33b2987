/* tls.c - the certificate that new HTTPS connections are shown
 *
 * libmicrohttpd asks for it in each handshake, by a callback that is told
 * nothing of ours; hence the static, and one HTTPS server a process. GnuTLS is
 * given a copy each time, which is its own to free: so an old certificate need
 * not be kept until the last handshake with it is over. */
#include "http/tls.h"

#include <assert.h>
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <string.h>

struct pair {
	gnutls_x509_crt_t *chain; /* ours first */
	unsigned n;
	gnutls_x509_privkey_t key;
};

static struct pair shown;

static void
pair_done(struct pair *pair)
{
	for (unsigned i = 0; i < pair->n; i++)
		gnutls_x509_crt_deinit(pair->chain[i]);
	gnutls_free(pair->chain);
	gnutls_x509_privkey_deinit(pair->key);
	*pair = (struct pair){ 0 };
}

static gnutls_datum_t
datum(const char *text)
{
	return (gnutls_datum_t){ .data = (unsigned char *)(uintptr_t)text,
		.size = (unsigned)strlen(text) };
}

int
http_tls_show(const struct http_tls *tls, struct err *err)
{
	const gnutls_datum_t cert = datum(tls->cert), key = datum(tls->key);
	struct pair pair = { 0 };
	int r;

	r = gnutls_x509_crt_list_import2(
		&pair.chain, &pair.n, &cert, GNUTLS_X509_FMT_PEM, 0);
	if (r >= 0)
		r = gnutls_x509_privkey_init(&pair.key);
	if (r >= 0)
		r = gnutls_x509_privkey_import2(
			pair.key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (r < 0) {
		pair_done(&pair);
		return err_set(err, -EINVAL,
			"the certificate for HTTPS cannot be used: %s",
			gnutls_strerror(r));
	}
	pair_done(&shown);
	shown = pair;
	return 0;
}

void
http_tls_hide(void)
{
	pair_done(&shown);
}

static int
copy_chain(gnutls_pcert_st *out)
{
	for (unsigned i = 0; i < shown.n; i++)
		if (gnutls_pcert_import_x509(&out[i], shown.chain[i], 0) < 0) {
			while (i > 0)
				gnutls_pcert_deinit(&out[--i]);
			return -1;
		}
	return 0;
}

int
http_tls_ask(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
	gnutls_pcert_st **certs, unsigned *n_certs, gnutls_ocsp_data_st **ocsp,
	unsigned *n_ocsp, gnutls_privkey_t *key, unsigned *flags)
{
	gnutls_pcert_st *chain = gnutls_calloc(shown.n, sizeof *chain);
	gnutls_privkey_t copy = NULL;

	(void)session, (void)info;
	if (!chain || gnutls_privkey_init(&copy) < 0 ||
		gnutls_privkey_import_x509(
			copy, shown.key, GNUTLS_PRIVKEY_IMPORT_COPY) < 0 ||
		copy_chain(chain) < 0) {
		gnutls_privkey_deinit(copy);
		gnutls_free(chain);
		return -1; /* this handshake fails */
	}
	*certs = chain;
	*n_certs = shown.n;
	*ocsp = NULL;
	*n_ocsp = 0;
	*key = copy;
	*flags |= GNUTLS_CERT_RETR_DEINIT_ALL;
	return 0;
}
