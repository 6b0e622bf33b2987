/* folder.c - certificates and keys into files: each appears whole or not at all */
#include "tls/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"

/* Whose the folder is, or will be: root makes it for a server that is not. */
static int
give(const char *above, int fd)
{
	struct stat st;

	if (geteuid() != 0)
		return 0;
	if (stat(above, &st) < 0 || fchown(fd, st.st_uid, st.st_gid) < 0)
		return -errno;
	return 0;
}

int
folder_make(const char *dir, struct err *err)
{
	AUTO_FREE char *above = NULL;
	AUTO_CLOSE int fd = -1;
	int r;

	if (asprintf(&above, "%s/..", dir) < 0)
		above = NULL;
	if (!above)
		return err_set(err, -ENOMEM, "out of memory");
	r = mkdir(dir, 0700) < 0 ? -errno : 0;
	if (r == -EEXIST)
		return 0; /* somebody has made it, and knows for whom */
	if (r == 0) {
		fd = fd_open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
		r = fd < 0 ? fd : give(above, fd);
	}
	return r < 0 ? err_set(err, r, "cannot make folder '%s': %s", dir,
			       err_name(-r))
		     : 0;
}

int
folder_become_owner(const char *dir, struct err *err)
{
	struct stat st;

	if (geteuid() != 0)
		return 0;
	if (stat(dir, &st) < 0)
		return err_set(err, -errno, "cannot find folder '%s': %s", dir,
			err_name(errno));
	/* root of a container may be unable to change, and need not */
	if (st.st_uid == 0 && st.st_gid == getegid())
		return 0;
	if (setgroups(0, NULL) < 0 || setgid(st.st_gid) < 0 ||
		setuid(st.st_uid) < 0)
		return err_set(err, -errno, "cannot become user %u: %s",
			(unsigned)st.st_uid, err_name(errno));
	return 0;
}

static int
write_new(const char *dir, const char *path, const char *text, bool secret)
{
	AUTO_CLOSE int fd = -1;
	int r;

	(void)unlink(path); /* of a try that did not come to its end */
	fd = fd_open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
	if (fd < 0)
		return fd;
	r = give(dir, fd);
	if (r == 0 && !secret && fchmod(fd, 0644) < 0)
		r = -errno;
	if (r == 0)
		r = fd_write_all(fd, text, strlen(text));
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	return r;
}

int
folder_write(const char *dir, const char *name, const char *text, bool secret,
	struct err *err)
{
	char path[PATH_MAX], fresh[PATH_MAX];
	int r;

	if (snprintf(path, sizeof path, "%s/%s", dir, name) >=
			(int)sizeof path ||
		snprintf(fresh, sizeof fresh, "%s/.%s.new", dir, name) >=
			(int)sizeof fresh)
		return err_set(err, -ENAMETOOLONG, "'%s' is too long", dir);
	r = write_new(dir, fresh, text, secret);
	if (r == 0 && rename(fresh, path) < 0)
		r = -errno;
	return r < 0 ? err_set(err, r, "cannot write '%s': %s", path,
			       err_name(-r))
		     : 0;
}

int
folder_write_key(
	const char *dir, const char *name, EVP_PKEY *key, struct err *err)
{
	AUTO(BIO_free_all) BIO *bio = BIO_new(BIO_s_secmem());
	AUTO_FREE char *text = NULL;
	char *pem = NULL;
	long len = 0;
	int r;

	if (bio && PEM_write_bio_PrivateKey(
			   bio, key, NULL, NULL, 0, NULL, NULL) == 1)
		len = BIO_get_mem_data(bio, &pem);
	text = len > 0 ? strndup(pem, (size_t)len) : NULL;
	if (!text)
		return err_set(
			err, -ENOMEM, "cannot write a key: %s", openssl_why());
	r = folder_write(dir, name, text, true, err);
	explicit_bzero(text, strlen(text));
	return r;
}
