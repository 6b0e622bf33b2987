/* fuzz-csr.c - what an agent that enrols wants to have signed
 *
 * The first byte says whether the rest is PEM, or DER that we wrap. */
#include <errno.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/ca.h"
#include "tests/fuzz/pem.h"

static struct ca *ca;

static void
make_ca(void)
{
	char dir[] = "/tmp/fuzz-csr-XXXXXX", path[64];
	struct err err = { "" };

	MUST(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/ca", dir);
	MUST(ca_create(path, &err) == 0 && ca_open(path, &ca, &err) == 0);
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof path, "%s/ca/ca.%s", dir,
			i ? "crt" : "key");
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof path, "%s/ca", dir);
	(void)rmdir(path);
	(void)rmdir(dir);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	bool wrap = input_byte(&in) & 1;
	char *csr =
		wrap ? input_pem(&in, PEM_STRING_X509_REQ) : input_text(&in);
	struct ca_issued issued = { 0 };
	struct err err = { "" };
	int r;

	if (!ca)
		make_ca();
	r = ca_issue_agent(ca, "web1", csr, &issued, &err);
	MUST(r == 0 || (r == -EINVAL && *err.text));
	if (r == 0)
		MUST(strstr(issued.pem, "BEGIN CERTIFICATE") &&
			*issued.facts.serial);
	free(issued.pem);
	free(csr);
	return 0;
}
