/* procfs.h - what /proc says of one process */
#ifndef NODELINK_PROC_PROCFS_H
#define NODELINK_PROC_PROCFS_H

#include <stdbool.h>
#include <sys/types.h>

enum { PROCFS_NAME = 16 }; /* as the kernel's comm */

struct procfs_stat {
	pid_t pid, ppid, pgid; /* as the reader sees them; 0: outside */
	char name[PROCFS_NAME]; /* as text, whatever it calls itself */
	char state; /* R, S, D, T, ... of the first thread */
	int threads;
};

/* The process's folder in /proc, pinned: it never becomes another process's,
 * and pidfd_send_signal() takes it. Descriptor or -errno. */
int procfs_open(pid_t pid);

/* The number of the process behind a pidfd, as we see it, or -errno: -ESRCH
 * when it is reaped. */
pid_t procfs_pidfd(int pidfd);

/* path is its stat file, from dir on. 0, or -errno: it is gone. */
int procfs_stat(int dir, const char *path, struct procfs_stat *out);

/* A zombie, or about to be one. The first thread may die before the others. */
static inline bool
procfs_is_dead(const struct procfs_stat *stat)
{
	return (stat->state == 'Z' || stat->state == 'X') && stat->threads <= 1;
}

#endif
