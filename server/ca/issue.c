/* issue.c - what a CA signs, and for which keys */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/buf.h"
#include "base/id.h"
#include "ca/internal.h"

enum {
	AGENT_DAYS = 90,
	SERVER_DAYS = 365,
	EC_BITS = 128, /* of security: P-256 */
	RSA_BITS = 112, /* 2048 */
};

/* Only of kinds that TLS is spoken with, and strong enough. */
static int
check_key(const EVP_PKEY *key, struct err *err)
{
	int kind = EVP_PKEY_get_base_id(key);
	int bits = EVP_PKEY_get_security_bits(key);

	if ((kind == EVP_PKEY_EC && bits >= EC_BITS) ||
		(kind == EVP_PKEY_RSA && bits >= RSA_BITS))
		return 0;
	return err_set(err, -EINVAL,
		"the key is of no kind that is signed: ECDSA from P-256 or RSA "
		"from 2048 bits on");
}

static EVP_PKEY *
read_request(const char *pem, struct err *err)
{
	AUTO(BIO_free_all) BIO *bio = BIO_new_mem_buf(pem, -1);
	AUTO(X509_REQ_free)
	X509_REQ *req = bio ? PEM_read_bio_X509_REQ(
				      bio, NULL, openssl_no_password, NULL)
			    : NULL;
	AUTO(EVP_PKEY_free)
	EVP_PKEY *key = req ? X509_REQ_get_pubkey(req) : NULL;

	if (!key) {
		err_set(err, -EINVAL, "no certificate request in PEM form: %s",
			openssl_why());
		return NULL;
	}
	if (check_key(key, err) < 0)
		return NULL;
	if (X509_REQ_verify(req, key) != 1) {
		(void)openssl_why();
		err_set(err, -EINVAL,
			"the request is not signed with its own key");
		return NULL;
	}
	return TAKE(key);
}

/* Signs for this key: 0, or -ENOMEM or -EINVAL with text. */
static int
issue(const struct ca *ca, X509 *cert, EVP_PKEY *key, const char *usage,
	const char *names, struct ca_issued *out, struct err *err)
{
	AUTO_FREE char *pem = NULL;

	if (!cert || X509_set_pubkey(cert, key) != 1 ||
		cert_extend(cert, ca->cert, NID_basic_constraints,
			"critical,CA:FALSE") < 0 ||
		cert_extend(cert, ca->cert, NID_key_usage,
			"critical,digitalSignature") < 0 ||
		cert_extend(cert, ca->cert, NID_ext_key_usage, usage) < 0 ||
		cert_extend(cert, ca->cert, NID_subject_key_identifier,
			"hash") < 0 ||
		cert_extend(cert, ca->cert, NID_authority_key_identifier,
			"keyid") < 0 ||
		cert_extend(cert, ca->cert, NID_subject_alt_name, names) < 0 ||
		cert_sign(cert, ca->cert, ca->key) < 0 ||
		!(pem = openssl_text(cert)) ||
		openssl_facts(cert, &out->facts) < 0)
		return err_set(err, -EIO, "cannot make a certificate: %s",
			openssl_why());
	out->pem = TAKE(pem);
	return 0;
}

int
ca_issue_agent(const struct ca *ca, const char *agent_id, const char *csr,
	struct ca_issued *out, struct err *err)
{
	AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	AUTO(X509_free) X509 *cert = NULL;
	AUTO_BUF struct buf names = { 0 };

	/* It becomes part of a line that has commas. */
	if (!id_valid_agent(agent_id))
		return err_set(
			err, -EINVAL, "'%.80s' is no agent id", agent_id);
	key = read_request(csr, err);
	if (!key)
		return -EINVAL;
	if (buf_printf(&names, "URI:" TLS_AGENT_NAME "%s", agent_id) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	cert = cert_new(AGENT_DAYS, agent_id);
	return issue(ca, cert, key, "clientAuth", buf_text(&names), out, err);
}

/* A literal address or a host's name, and nothing that has a meaning in the
 * line of names. */
static int
add_name(struct buf *names, const char *name, struct err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789.-*";
	unsigned char address[16];
	bool is_ip = inet_pton(AF_INET, name, address) == 1 ||
		     inet_pton(AF_INET6, name, address) == 1;

	if (!is_ip && (!*name || name[strspn(name, allowed)]))
		return err_set(err, -EINVAL,
			"'%s' is no host name and no address", name);
	if (buf_printf(names, "%s%s:%s", names->len ? "," : "",
		    is_ip ? "IP" : "DNS", name) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	return 0;
}

int
ca_issue_server(const struct ca *ca, const char *const *names, size_t n,
	struct err *err)
{
	AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	AUTO(X509_free) X509 *cert = NULL;
	AUTO_BUF struct buf line = { 0 };
	struct ca_issued issued = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = add_name(&line, names[i], err);
	if (r < 0)
		return r;
	key = EVP_EC_gen("P-256");
	cert = cert_new(SERVER_DAYS, "nodelink server");
	r = key ? issue(ca, cert, key, "serverAuth", buf_text(&line), &issued,
			  err)
		: err_set(err, -ENOMEM, "cannot make a key: %s", openssl_why());
	if (r == 0)
		r = folder_write_key(ca->dir, "server.key", key, err);
	if (r == 0)
		r = folder_write(ca->dir, "server.crt", issued.pem, false, err);
	free(issued.pem);
	return r;
}
