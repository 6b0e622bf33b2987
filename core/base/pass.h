/* pass.h - open files, handed to another process over a unix socket
 *
 * So a program can read a file that it may not open, each time that the one
 * which may has opened it again. One message has all of them, with a name for
 * what each is and the path that it had. The socket keeps messages apart
 * (SOCK_SEQPACKET). */
#ifndef NODELINK_BASE_PASS_H
#define NODELINK_BASE_PASS_H

#include <stddef.h>

enum { PASS_MAX = 4 };

struct pass_file {
	const char *name, *path;
	int fd;
};

struct pass {
	struct pass_file files[PASS_MAX];
	size_t n;
	char *text; /* that names and paths point to, when received; or NULL */
};

/* Never waits. 0; -EAGAIN: what was sent before is still unread; -errno. */
int pass_send(int socket, const struct pass *pass);
/* The next message, without waiting: 0, and *out is for pass_done(); -EAGAIN:
 * there is none; -EBADMSG: it is none of ours; -ECONNRESET: nor will there be
 * one; -errno. */
int pass_receive(int socket, struct pass *out);

/* NULL: it is not among them. */
const struct pass_file *pass_find(const struct pass *pass, const char *name);

/* Closes them. */
void pass_done(struct pass *pass);
#define AUTO_PASS __attribute__((cleanup(pass_done)))

#endif
