/* tls.c - credentials of both sides, and who the peer is
 *
 * A server's are handed out per handshake by a fetcher that gRPC calls on
 * threads of its own, so they can be replaced while it serves; what gRPC does
 * not take of it leaves the old ones in use. */
#include <errno.h>
#include <grpc/grpc_security.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "rpc/stream.h"

struct rpc_tls_source {
	pthread_mutex_t lock;
	grpc_ssl_server_certificate_config *next; /* not fetched; or NULL */
	bool asks; /* for agents' certificates; settled by the first */
};

static int
check(const struct rpc_tls *tls, struct err *err)
{
	const struct tls_files names = { "certificate", "key", "ca" };
	struct tls_pem pem = { .cert = (char *)(uintptr_t)tls->cert,
		.key = (char *)(uintptr_t)tls->key,
		.ca = (char *)(uintptr_t)tls->ca };

	return tls_check(&pem, &names, err);
}

/* ------------------------------------------------------------------ server */

static grpc_ssl_certificate_config_reload_status
fetch(void *arg, grpc_ssl_server_certificate_config **out)
{
	struct rpc_tls_source *source = arg;
	bool is_new;

	pthread_mutex_lock(&source->lock);
	is_new = source->next != NULL;
	if (is_new)
		*out = TAKE(source->next);
	pthread_mutex_unlock(&source->lock);
	return is_new ? GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW
		      : GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
}

int
rpc_tls_source_set(struct rpc_tls_source *source, const struct rpc_tls *tls,
	struct err *err)
{
	grpc_ssl_server_certificate_config *config;
	grpc_ssl_pem_key_cert_pair pair = { tls->key, tls->cert };
	int r = check(tls, err);

	if (r < 0)
		return r;
	if (!tls->cert)
		return err_set(
			err, -EINVAL, "a TLS server needs a certificate");
	if (source->asks != (tls->ca != NULL))
		return err_set(err, -EINVAL,
			"whether agents need certificates cannot be changed "
			"while the server runs");
	/* gRPC insists on a CA here even when it will not ask for any. */
	config = grpc_ssl_server_certificate_config_create(
		source->asks ? tls->ca : tls->cert, &pair, 1);
	pthread_mutex_lock(&source->lock);
	if (source->next)
		grpc_ssl_server_certificate_config_destroy(source->next);
	source->next = config;
	pthread_mutex_unlock(&source->lock);
	return 0;
}

int
rpc_tls_source_new(
	const struct rpc_tls *tls, struct rpc_tls_source **out, struct err *err)
{
	AUTO(rpc_tls_source_free)
	struct rpc_tls_source *source = calloc(1, sizeof *source);
	int r;

	if (!source)
		return err_set(err, -ENOMEM, "out of memory");
	pthread_mutex_init(&source->lock, NULL);
	source->asks = tls->ca != NULL;
	r = rpc_tls_source_set(source, tls, err);
	if (r == 0)
		*out = TAKE(source);
	return r;
}

void
rpc_tls_source_free(struct rpc_tls_source *source)
{
	if (!source)
		return;
	if (source->next)
		grpc_ssl_server_certificate_config_destroy(source->next);
	pthread_mutex_destroy(&source->lock);
	free(source);
}

grpc_server_credentials *
rpc_server_creds(struct rpc_tls_source *source)
{
	if (!source)
		return grpc_insecure_server_credentials_create();
	return grpc_ssl_server_credentials_create_with_options(
		grpc_ssl_server_credentials_create_options_using_config_fetcher(
			source->asks
				? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
				: GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
			fetch, source));
}

/* ------------------------------------------------------------------ client */

grpc_channel_credentials *
rpc_client_creds(const struct rpc_tls *tls, struct err *err)
{
	grpc_ssl_pem_key_cert_pair pair;
	grpc_channel_credentials *creds;

	if (!tls)
		return grpc_insecure_credentials_create();
	if (check(tls, err) < 0)
		return NULL;
	pair.cert_chain = tls->cert;
	pair.private_key = tls->key;
	creds = grpc_ssl_credentials_create_ex(
		tls->ca, tls->cert ? &pair : NULL, NULL, NULL);
	if (!creds)
		err_set(err, -EINVAL, "gRPC does not take the certificates");
	return creds;
}

/* ----------------------------------------------------------------- the peer */

static const grpc_auth_property *
next_uri(grpc_auth_property_iterator *it)
{
	const grpc_auth_property *p;

	while ((p = grpc_auth_property_iterator_next(it)))
		if (!memchr(p->value, '\0', p->value_length))
			break; /* not "good\0evil" */
	return p;
}

/* URIs only: a DNS or common name may look like one, and not every CA cares. */
static int
read_names(const grpc_auth_context *auth, struct rpc_peer_tls *out)
{
	const grpc_auth_property *p;
	grpc_auth_property_iterator it;
	size_t n = 0, bytes = 0;
	char *text;

	it = grpc_auth_context_find_properties_by_name(
		auth, GRPC_PEER_URI_PROPERTY_NAME);
	for (; (p = next_uri(&it)); n++)
		bytes += p->value_length + 1;
	out->names = calloc(1, (n + 1) * sizeof *out->names + bytes);
	if (!out->names)
		return -ENOMEM;
	text = (char *)(out->names + n + 1);
	it = grpc_auth_context_find_properties_by_name(
		auth, GRPC_PEER_URI_PROPERTY_NAME);
	for (n = 0; (p = next_uri(&it)); n++) {
		out->names[n] = text;
		memcpy(text, p->value, p->value_length);
		text += p->value_length + 1;
	}
	return 0;
}

static int
read_certificate(const grpc_auth_context *auth, struct rpc_peer_tls *out)
{
	grpc_auth_property_iterator it =
		grpc_auth_context_find_properties_by_name(
			auth, GRPC_X509_PEM_CERT_PROPERTY_NAME);
	const grpc_auth_property *p = grpc_auth_property_iterator_next(&it);
	AUTO_FREE char *pem =
		p ? strndup(p->value, p->value_length) : strdup("");

	if (!pem)
		return -ENOMEM;
	return tls_facts(pem, &out->facts);
}

int
rpc_peer_tls(grpc_call *call, struct rpc_peer_tls *out)
{
	grpc_auth_context *auth = grpc_call_auth_context(call);
	int r;

	*out = (struct rpc_peer_tls){ 0 };
	out->verified = auth && grpc_auth_context_peer_is_authenticated(auth);
	if (out->verified) {
		r = read_names(auth, out);
		if (r == 0)
			r = read_certificate(auth, out);
	} else {
		out->names = calloc(1, sizeof *out->names);
		r = out->names ? 0 : -ENOMEM;
	}
	grpc_auth_context_release(auth);
	return r;
}
