/* identity.c - the agent's key, its request for a certificate, both as files */
#include "enroll/identity.h"

#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "tls/folder.h"

struct identity {
	EVP_PKEY *key;
};

struct identity *
identity_new(struct err *err)
{
	AUTO(identity_free) struct identity *id = calloc(1, sizeof *id);

	if (id)
		id->key = EVP_EC_gen("P-256");
	if (!id || !id->key) {
		err_set(err, -ENOMEM, "cannot make a key: %s", openssl_why());
		return NULL;
	}
	return TAKE(id);
}

void
identity_free(struct identity *id)
{
	if (!id)
		return;
	EVP_PKEY_free(id->key);
	free(id);
}

char *
identity_request(const struct identity *id, struct err *err)
{
	AUTO(X509_REQ_free) X509_REQ *req = X509_REQ_new();
	AUTO(BIO_free_all) BIO *bio = BIO_new(BIO_s_mem());
	char *pem = NULL, *text = NULL;
	long len = 0;

	/* Without a name: the server gives it. */
	if (req && bio && X509_REQ_set_version(req, X509_REQ_VERSION_1) == 1 &&
		X509_REQ_set_pubkey(req, id->key) == 1 &&
		X509_REQ_sign(req, id->key, EVP_sha256()) > 0 &&
		PEM_write_bio_X509_REQ(bio, req) == 1)
		len = BIO_get_mem_data(bio, &pem);
	if (len > 0)
		text = strndup(pem, (size_t)len);
	if (!text)
		err_set(err, -ENOMEM, "cannot make a request: %s",
			openssl_why());
	return text;
}

static bool
is_for(X509 *cert, const char *agent_id)
{
	GENERAL_NAMES *names =
		X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	const size_t prefix = strlen(TLS_AGENT_NAME);
	bool found = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		const ASN1_IA5STRING *uri = name->d.uniformResourceIdentifier;
		const char *text;

		if (name->type != GEN_URI)
			continue;
		text = (const char *)ASN1_STRING_get0_data(uri);
		found |= (size_t)ASN1_STRING_length(uri) ==
				 prefix + strlen(agent_id) &&
			 memcmp(text, TLS_AGENT_NAME, prefix) == 0 &&
			 memcmp(text + prefix, agent_id, strlen(agent_id)) == 0;
	}
	GENERAL_NAMES_free(names);
	return found;
}

int
identity_check(const struct identity *id, const char *agent_id,
	const char *cert_text, const char *ca_text, struct err *err)
{
	AUTO(X509_free) X509 *cert = openssl_cert(cert_text);
	AUTO(X509_free) X509 *ca = openssl_cert(ca_text);

	if (!cert || !ca)
		return err_set(err, -EBADMSG,
			"the server has sent what is no certificate: %s",
			openssl_why());
	if (!is_for(cert, agent_id) || X509_check_issued(ca, cert) != 0 ||
		X509_check_private_key(cert, id->key) != 1) {
		(void)openssl_why();
		return err_set(err, -EBADMSG,
			"the server has sent a certificate that is not ours");
	}
	return 0;
}

int
identity_save(const struct identity *id, const char *agent_id, const char *cert,
	const char *ca, const char *dir, struct err *err)
{
	int r = identity_check(id, agent_id, cert, ca, err);

	if (r == 0)
		r = folder_write(dir, "ca.crt", ca, false, err);
	if (r == 0)
		r = folder_write_key(dir, "agent.key", id->key, err);
	if (r == 0)
		r = folder_write(dir, "agent.crt", cert, false, err);
	return r;
}
