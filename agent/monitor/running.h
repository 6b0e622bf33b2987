/* running.h - an executor that runs already, left by an earlier monitor */
#ifndef NODELINK_MONITOR_RUNNING_H
#define NODELINK_MONITOR_RUNNING_H

#include <stdbool.h>
#include <sys/types.h>

/* The process of ours that listens at this socket: its pidfd, for the caller to
 * close, or -errno. */
int running_find(const char *socket, pid_t *pid);

/* Was it started with this argument? Only the process itself could change
 * that, and its tasks have other users or are others' tasks anyway. */
bool running_has(pid_t pid, const char *argument);
/* Was it started as an executor, with whatever settings? */
bool running_is_executor(pid_t pid);

#endif
