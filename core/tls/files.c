/* files.c - certificates and keys: from files into memory, checked on the way */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "conf/conf.h"
#include "tls/tls.h"

enum { FILE_MAX = 1 << 20 }; /* the CAs of a whole system have 250 KB */

static int
read_text(const char *path, char **out, struct err *err)
{
	AUTO_CLOSE int fd = fd_open(path, O_RDONLY | O_NONBLOCK);
	struct buf text = { 0 };
	int r = fd < 0 ? fd : fd_read_all(fd, &text, FILE_MAX);

	if (r < 0) {
		buf_done(&text);
		return err_set(err, r, "cannot read certificate file '%s': %s",
			path, err_name(-r));
	}
	*out = (char *)text.data; /* a NUL inside ends it, and then it fails */
	return 0;
}

static int
read_key(const char *path, char **out, struct err *err)
{
	struct buf text = { 0 };
	int r = conf_secret_bytes(path, FILE_MAX, &text, err);

	if (r < 0) {
		if (text.data)
			explicit_bzero(text.data, text.len);
		buf_done(&text);
		return r;
	}
	*out = (char *)text.data;
	return 0;
}

static int
read_all(const struct tls_files *files, struct tls_pem *pem, struct err *err)
{
	int r = 0;

	if (files->cert)
		r = read_text(files->cert, &pem->cert, err);
	if (r == 0 && files->key)
		r = read_key(files->key, &pem->key, err);
	if (r == 0 && files->ca)
		r = read_text(files->ca, &pem->ca, err);
	return r;
}

int
tls_read(const struct tls_files *files, struct tls_pem *out, struct err *err)
{
	struct tls_pem pem = { 0 };
	int r = read_all(files, &pem, err);

	if (r == 0)
		r = tls_check(&pem, files, err);
	if (r < 0)
		tls_pem_done(&pem);
	else
		*out = pem;
	return r;
}

static bool
same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool
tls_pem_same(const struct tls_pem *a, const struct tls_pem *b)
{
	return same_text(a->cert, b->cert) && same_text(a->key, b->key) &&
	       same_text(a->ca, b->ca);
}

void
tls_pem_done(struct tls_pem *pem)
{
	if (pem->key)
		explicit_bzero(pem->key, strlen(pem->key));
	free(pem->cert);
	free(pem->key);
	free(pem->ca);
	*pem = (struct tls_pem){ 0 };
}
