/* group.h - the process group that a program leads
 *
 * A group outlives its leader. The pidfd keeps the leader's identity after it
 * was reaped, so no signal goes to a stranger with a recycled number. */
#ifndef NODELINK_PROC_GROUP_H
#define NODELINK_PROC_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "proc/procfs.h"

struct group {
	pid_t leader;
	int pidfd; /* owned */
	bool gone; /* seen empty: never signalled again */
};

enum { GROUP_NAME = PROCFS_NAME };

struct group_member {
	pid_t pid;
	char name[GROUP_NAME];
	char state; /* R, S, D, T, ... */
};

void group_member_set(struct group_member *out, const struct procfs_stat *stat);

/* Takes over pidfd. */
void group_init(struct group *g, pid_t leader, int take_pidfd);
void group_done(struct group *g);

/* To every member. 0, -ESRCH when there is none, -EPERM when none may be
 * signalled. Zombies count as members. */
int group_signal(struct group *g, int signo);

/* No member left, as cheaply as the kernel can say. Only after the leader was
 * reaped; an unreaped zombie anywhere keeps it false. */
bool group_is_empty(struct group *g);

/* Reap members that have become our children because their parents died; see
 * PR_SET_CHILD_SUBREAPER. Only after the leader was reaped. */
void group_reap(const struct group *g);

/* Members that are alive (zombies are not), from /proc: at most max are
 * written, the result says how many there are; or -errno: nobody was seen, and
 * not everybody could be looked at. None alive makes group_is_empty() true from
 * now on. Costs some microseconds for each process of the machine. */
int group_list(struct group *g, struct group_member *out, size_t max);

/* Name and state of one process; "" and '?' when it is gone. */
void group_member_read(pid_t pid, struct group_member *out);

/* Where in the kernel a process waits; "" when unknown. */
void group_wchan(pid_t pid, char *out, size_t size);

#endif
