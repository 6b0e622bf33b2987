/* pass.c - open files, handed to another process over a unix socket */
#include "base/pass.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"

enum { TEXT_MAX = PASS_MAX * (16 + 4096) };

union control { /* room for the descriptors, aligned as they must be */
	struct cmsghdr header;
	char room[CMSG_SPACE(PASS_MAX * sizeof(int))];
};

/* -------------------------------------------------------------------- send */

/* name NUL path NUL, for each. */
static int
put_text(const struct pass *pass, struct buf *out)
{
	int r = 0;

	for (size_t i = 0; i < pass->n && r == 0; i++) {
		const struct pass_file *f = &pass->files[i];

		r = buf_add(out, f->name, strlen(f->name) + 1);
		if (r == 0)
			r = buf_add(out, f->path, strlen(f->path) + 1);
	}
	return r == 0 && out->len > TEXT_MAX ? -ENAMETOOLONG : r;
}

static void
put_descriptors(
	const struct pass *pass, struct msghdr *msg, union control *control)
{
	int fds[PASS_MAX];

	if (!pass->n)
		return;
	for (size_t i = 0; i < pass->n; i++)
		fds[i] = pass->files[i].fd;
	msg->msg_control = control;
	msg->msg_controllen = CMSG_SPACE(pass->n * sizeof *fds);
	control->header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(pass->n * sizeof *fds) };
	memcpy(CMSG_DATA(&control->header), fds, pass->n * sizeof *fds);
}

int
pass_send(int socket, const struct pass *pass)
{
	AUTO_BUF struct buf text = { 0 };
	union control control;
	struct iovec iov;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int r = put_text(pass, &text);

	if (r == 0 && !text.len)
		r = buf_add(&text, "", 1); /* of no bytes would be the end */
	if (r < 0)
		return r;
	memset(&control, 0, sizeof control);
	iov = (struct iovec){ text.data, text.len };
	put_descriptors(pass, &msg, &control);
	return sendmsg(socket, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno
								      : 0;
}

/* ----------------------------------------------------------------- receive */

static void
get_descriptors(struct msghdr *msg, struct pass *out)
{
	const struct cmsghdr *header = CMSG_FIRSTHDR(msg);
	int fds[PASS_MAX];

	if (!header || header->cmsg_level != SOL_SOCKET ||
		header->cmsg_type != SCM_RIGHTS)
		return;
	out->n = (header->cmsg_len - CMSG_LEN(0)) / sizeof *fds;
	memcpy(fds, CMSG_DATA(header), out->n * sizeof *fds);
	for (size_t i = 0; i < out->n; i++)
		out->files[i].fd = fds[i];
}

static const char *
next_text(char **at, const char *end)
{
	char *text = *at;
	char *nul = memchr(text, 0, (size_t)(end - text));

	*at = nul ? nul + 1 : text;
	return nul ? text : NULL;
}

static int
get_text(struct pass *out, size_t len)
{
	char *at = out->text, *end = at + len;

	for (size_t i = 0; i < out->n; i++) {
		out->files[i].name = next_text(&at, end);
		out->files[i].path = next_text(&at, end);
		if (!out->files[i].name || !out->files[i].path)
			return -EBADMSG;
	}
	return 0;
}

int
pass_receive(int socket, struct pass *out)
{
	AUTO_PASS struct pass pass = { .text = malloc(TEXT_MAX) };
	union control control;
	struct iovec iov = { pass.text, TEXT_MAX };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control };
	ssize_t n;
	int r;

	if (!pass.text)
		return -ENOMEM;
	n = recvmsg(socket, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return -errno;
	if (n == 0)
		return -ECONNRESET;
	get_descriptors(&msg, &pass);
	r = msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)
		    ? -EBADMSG
		    : get_text(&pass, (size_t)n);
	if (r < 0)
		return r;
	*out = pass;
	pass = (struct pass){ .n = 0 };
	return 0;
}

/* ------------------------------------------------------------------- files */

const struct pass_file *
pass_find(const struct pass *pass, const char *name)
{
	for (size_t i = 0; i < pass->n; i++)
		if (strcmp(pass->files[i].name, name) == 0)
			return &pass->files[i];
	return NULL;
}

void
pass_done(struct pass *pass)
{
	for (size_t i = 0; i < pass->n; i++)
		(void)close(pass->files[i].fd); /* only read */
	free(pass->text);
	*pass = (struct pass){ .n = 0 };
}
