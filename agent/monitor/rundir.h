/* rundir.h - the runtime directory, and that it is ours alone */
#ifndef NODELINK_MONITOR_RUNDIR_H
#define NODELINK_MONITOR_RUNDIR_H

#include "base/err.h"

/* Make a directory and its parents unless they are there. 0 or -errno. */
int rundir_make(const char *path);

/* Make it (parents too), check that nobody else can put sockets there, and
 * lock it for the life of this process: *lock_fd is to be closed at the end.
 * 0; -EBUSY with text that names the agent that has it; other -errno with
 * text. */
int rundir_take(const char *path, int *lock_fd, struct err *err);

#endif
