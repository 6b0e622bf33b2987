/* tls.c - credentials of both sides, and who the peer is */
#include "rpc/stream.h"

#include <errno.h>
#include <grpc/grpc_security.h>
#include <string.h>

/* gRPC notices bad PEM late and says little; catch the usual mistake (a path,
 * an empty file) here. */
static int
check_pem(const char *what, const char *pem, struct err *err)
{
	if (!pem || strstr(pem, "-----BEGIN "))
		return 0;
	return err_set(err, -EINVAL, "the TLS %s is not in PEM form", what);
}

static int
check(const struct rpc_tls *tls, struct err *err)
{
	int r = check_pem("CA certificate", tls->ca, err);

	if (r == 0)
		r = check_pem("certificate", tls->cert, err);
	if (r == 0)
		r = check_pem("key", tls->key, err);
	if (r == 0 && !tls->cert != !tls->key)
		r = err_set(err, -EINVAL,
			"TLS certificate and key must be given together");
	return r;
}

grpc_server_credentials *
rpc_server_creds(const struct rpc_tls *tls, struct err *err)
{
	grpc_ssl_pem_key_cert_pair pair;
	grpc_server_credentials *creds;

	if (!tls)
		return grpc_insecure_server_credentials_create();
	if (check(tls, err) < 0)
		return NULL;
	if (!tls->cert) {
		err_set(err, -EINVAL, "a TLS server needs a certificate");
		return NULL;
	}
	pair.cert_chain = tls->cert;
	pair.private_key = tls->key;
	creds = grpc_ssl_server_credentials_create_ex(tls->ca, &pair, 1,
		tls->ca ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
			: GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
		NULL);
	if (!creds)
		err_set(err, -EINVAL, "gRPC does not take the certificate");
	return creds;
}

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

/* Both passes of rpc_tls_names(): with names NULL it only counts. */
static void
gather(const grpc_auth_context *auth, const char *property, char **names,
	char **text, size_t *count, size_t *bytes)
{
	grpc_auth_property_iterator it =
		grpc_auth_context_find_properties_by_name(auth, property);
	const grpc_auth_property *p;

	while ((p = grpc_auth_property_iterator_next(&it))) {
		if (memchr(p->value, '\0', p->value_length))
			continue; /* "good.example\0.evil.example" */
		if (names) {
			names[*count] = *text;
			memcpy(*text, p->value, p->value_length);
			*text += p->value_length;
			*(*text)++ = '\0';
		}
		*count += 1;
		*bytes += p->value_length + 1;
	}
}

char **
rpc_tls_names(grpc_call *call)
{
	static const char *const properties[] = {
		GRPC_X509_SAN_PROPERTY_NAME,
		GRPC_X509_CN_PROPERTY_NAME,
	};
	grpc_auth_context *auth = grpc_call_auth_context(call);
	bool known = auth && grpc_auth_context_peer_is_authenticated(auth);
	char **names = NULL, *text = NULL;
	size_t count = 0, bytes = 0;

	for (size_t i = 0; known && i < ARRAY_SIZE(properties); i++)
		gather(auth, properties[i], NULL, NULL, &count, &bytes);
	names = calloc(1, (count + 1) * sizeof *names + bytes);
	if (names) {
		text = (char *)(names + count + 1);
		count = 0;
		for (size_t i = 0; known && i < ARRAY_SIZE(properties); i++)
			gather(auth, properties[i], names, &text, &count,
				&bytes);
	}
	grpc_auth_context_release(auth);
	return names;
}
