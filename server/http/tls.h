/* tls.h - the certificate that new HTTPS connections are shown
 *
 * Inside server/http only; http.h has what others need. */
#ifndef NODELINK_HTTP_TLS_H
#define NODELINK_HTTP_TLS_H

#include <gnutls/abstract.h>

#include "http/http.h"

/* Without RSA key exchange, which has no forward secrecy. */
#define HTTP_TLS_PRIORITIES "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA"

/* This one from now on; -EINVAL with text: as before. */
int http_tls_show(const struct http_tls *tls, struct err *err);
void http_tls_hide(void);

/* A gnutls_certificate_retrieve_function3. */
int
http_tls_ask(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
	gnutls_pcert_st **certs, unsigned *n_certs, gnutls_ocsp_data_st **ocsp,
	unsigned *n_ocsp, gnutls_privkey_t *key, unsigned *flags);

#endif
