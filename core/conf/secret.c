/* secret.c - a secret from a file that nobody else may read */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "conf/conf.h"

enum { SECRET_MAX = 4096 };

static int
read_secret(
	int fd, const char *path, size_t max, struct buf *out, struct err *err)
{
	int r = fd_read_all(fd, out, max);

	if (r == -EFBIG)
		return err_set(err, r,
			"secret file '%s' has more than %zu bytes", path, max);
	return r < 0 ? err_set(err, r, "cannot read secret file '%s': %s", path,
			       err_name(-r))
		     : 0;
}

static int
open_secret(const char *path, struct err *err)
{
	/* non-blocking: a pipe at this place must not hold us up */
	AUTO_CLOSE int fd = fd_open(path, O_RDONLY | O_NONBLOCK);
	int r;

	if (fd < 0)
		return err_set(err, fd, "cannot read secret file '%s': %s",
			path, err_name(-fd));
	r = conf_trust(fd, "secret file", path, true, err);
	return r < 0 ? r : TAKE_FD(fd);
}

int
conf_secret_bytes(
	const char *path, size_t max, struct buf *out, struct err *err)
{
	AUTO_CLOSE int fd = open_secret(path, err);

	return fd < 0 ? fd : read_secret(fd, path, max, out, err);
}

int
conf_secret_line(int fd, const char *path, char **out, struct err *err)
{
	AUTO_BUF struct buf text = { 0 };
	size_t len;
	int r = read_secret(fd, path, SECRET_MAX, &text, err);

	if (r < 0)
		return r;
	len = strcspn(buf_text(&text), "\r\n");
	if (!len)
		return err_set(err, -EINVAL,
			"secret file '%s' has nothing in its first line", path);
	*out = strndup(buf_text(&text), len);
	explicit_bzero(text.data, text.len);
	return *out ? 0 : -ENOMEM;
}

int
conf_secret_file(const char *path, char **out, struct err *err)
{
	AUTO_CLOSE int fd = open_secret(path, err);

	return fd < 0 ? fd : conf_secret_line(fd, path, out, err);
}
