/* answer.c - what the server answers to an agent that enrols */
#include "enroll/answer.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "tls/openssl.h"

enum { PEM_MAX = 16 << 10 };

int
answer_text(const json_t *answer, const char *name, const char **out,
	struct err *err)
{
	int r = json_get_text(answer, name, PEM_MAX, out, err);

	return r == JSON_ABSENT
		       ? err_set(err, -EBADMSG,
				 "the server's answer has no '%s'", name)
		       : r;
}

int
answer_ca(const json_t *answer, const char *hash, const char *server,
	char **out, struct err *err)
{
	AUTO(X509_free) X509 *cert = NULL;
	const char *pem = NULL;
	char found[TLS_HASH];
	int r = answer_text(answer, "ca", &pem, err);

	if (r < 0)
		return r;
	cert = openssl_cert(pem);
	if (!cert)
		return err_set(err, -EBADMSG, "the server's CA is none: %s",
			openssl_why());
	openssl_hash(cert, found);
	if (strcasecmp(found, hash) != 0)
		return err_set(err, -EPERM,
			"the CA of '%s' is %s and not the one that was asked "
			"for: this is another server, or somebody is in "
			"between",
			server, found);
	*out = openssl_text(cert);
	return *out ? 0 : err_set(err, -ENOMEM, "out of memory");
}
