/* fd.h - descriptors: always close-on-exec, errors as -errno */
#ifndef NODELINK_BASE_FD_H
#define NODELINK_BASE_FD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* open(2) with O_CLOEXEC; descriptor or -errno. A file made this way is
 * private to its owner (0600). */
int fd_open(const char *path, int flags);

/* First in main(): what is closed of stdin, stdout and stderr is opened the
 * wrong way round, so that using it still fails and no other file gets its
 * number: what is said there would go into that file. The program begins anew
 * when a library was quicker than main(). 0 or -errno. */
int fd_hold_standard(char **argv);

/* Both ends close-on-exec; the read end non-blocking when asked. */
int fd_pipe(int out[2], bool nonblocking_reader);

/* Append everything up to end of file, at most max bytes (else -EFBIG). */
int fd_read_all(int fd, struct buf *out, size_t max);

/* Write all of it, blocking. 0 or -errno. */
int fd_write_all(int fd, const void *data, size_t len);

int fd_set_nonblocking(int fd);

/* Raise the soft limit of open descriptors to the hard one. */
int fd_raise_limit(void);

#endif
