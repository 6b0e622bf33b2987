/* contain.h - what holds every process of one task, by the best means of a host
 *
 * One interface over a ladder of mechanisms. Which of them work here is found
 * out once, by doing it: placing, killing, proof and removal. All but the last
 * two are complete: whatever a process does -- daemons, new sessions, another
 * environment -- it and its children are ended and counted.
 *
 * One containment serves one attempt (or one hook) and is never used again.
 * Killing needs no descriptor, memory or process that is not there already.
 * Everything belongs to the loop's thread; nothing here waits. */
#ifndef NODELINK_PROC_CONTAIN_H
#define NODELINK_PROC_CONTAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/auto.h"
#include "base/err.h"
#include "proc/child.h"
#include "proc/group.h"
#include "proc/spawn.h"

enum contain_rung {
	CONTAIN_CGROUP2, /* "cgroup2": v2 with cgroup.kill (Linux 5.14) */
	CONTAIN_FREEZE, /* "cgroup2-freeze": v2, frozen, each killed, thawed */
	CONTAIN_CGROUP1, /* "cgroup1": the pids and freezer hierarchies of v1 */
	CONTAIN_PIDNS, /* "pidns": a PID namespace; its first process is
			  nodelink-shim */
	CONTAIN_SUBREAPER, /* "subreaper": the tree below a nodelink-shim */
	CONTAIN_GROUP, /* "group": process groups, which a process may leave */
	CONTAIN_RUNGS,
};
const char *contain_rung_name(enum contain_rung rung);
/* The rung of that name, or CONTAIN_RUNGS. */
enum contain_rung contain_rung_parse(const char *name);
/* Can no process leave it? */
bool contain_rung_is_complete(enum contain_rung rung);

struct contain_options {
	const char *prefix; /* of names of control groups, at most 64 bytes */
	const char *shim; /* absolute path of nodelink-shim; NULL: none */
	enum contain_rung first, last; /* the best of these that works */
	uint64_t pids; /* of a task for which no other number is given; where
			  only v1 can enforce it: of all these together */
};

struct contain_host;

/* Tries the rungs in order and takes the first that works; kills and removes
 * what dead processes with the same prefix left. 0, or -errno with a text that
 * says of each rung why it does not work here. */
int contain_host_new(const struct contain_options *options,
	struct contain_host **out, struct err *err);
void contain_host_free(struct contain_host *host);
AUTO_DEFINE(struct contain_host *, contain_host_free)
enum contain_rung contain_host_rung(const struct contain_host *host);
/* Once more what contain_host_new() did to those whom the dead left, without
 * waiting: who is alive still, as contain_list(). 0: nobody that it could hold,
 * which says nothing on the rungs that are not complete. */
int contain_host_sweep(
	struct contain_host *host, struct group_member *out, size_t max);
/* Why the rungs above do not work here, for the log; "" when it is the first. */
const char *contain_host_why(const struct contain_host *host);

/* 0: no limit. */
struct contain_limits {
	uint64_t pids; /* processes and threads */
	uint64_t memory; /* bytes */
	uint32_t cpu_milli; /* thousandths of one processor */
};
enum contain_limit { CONTAIN_PIDS, CONTAIN_MEMORY, CONTAIN_CPU };
enum { CONTAIN_LIMITS = CONTAIN_CPU + 1 };
/* "cgroup2", "cgroup1", or NULL: it cannot be enforced here. */
const char *
contain_host_limit(const struct contain_host *host, enum contain_limit which);

struct contain;

/* A fresh one; name is unique among those that live, at most 95 bytes.
 * -ENOTSUP with text: a limit that this host cannot enforce. */
int contain_new(struct contain_host *host, const char *name,
	const struct contain_limits *limits, struct contain **out,
	struct err *err);
/* Closes and forgets, whether or not somebody is in it. */
void contain_free(struct contain *c);
AUTO_DEFINE(struct contain *, contain_free)

/* A program inside it. As spawn_start(), and *wait_fd becomes readable when
 * contain_reap() may have an answer: the pidfd itself, or a descriptor that
 * belongs to c. The pidfd is the caller's. */
int contain_spawn(struct contain *c, const struct spawn *how, pid_t *pid,
	int *pidfd, int *wait_fd, enum spawn_step *failed);
/* How that program ended. 0; -EAGAIN while it lives, or while another process
 * traces it; -ECHILD when somebody else has reaped it. */
int
contain_reap(struct contain *c, pid_t pid, int pidfd, struct child_exit *out);

/* To everybody in it, except where skip(arg, pid) says true: for polite
 * signals. How many it reached. */
size_t contain_signal(struct contain *c, int signo,
	bool (*skip)(void *arg, pid_t pid), void *arg);
/* SIGKILL to all. 0; 1: one stroke is not enough here, repeat it until
 * contain_is_empty(); or -errno. */
int contain_kill(struct contain *c);
/* Nobody is alive in it; programs of contain_spawn() that have died and are not
 * reaped yet do not count. 1, 0, or -errno (no proof). */
int contain_is_empty(struct contain *c);
/* Something to wait for until it is empty: *events as of loop.h. -1: nothing
 * tells, look again from time to time. */
int contain_fd(struct contain *c, unsigned *events);
/* Who is alive: the first max are written, the result says how many there are;
 * or -errno. */
int contain_list(struct contain *c, struct group_member *out, size_t max);

/* What the limits did. */
struct contain_events {
	uint64_t oom_kills; /* processes killed for want of memory */
	uint64_t pids_refused; /* forks that the limit refused */
};
void contain_events(struct contain *c, struct contain_events *out);

/* Remove what it has in the file system. 0, or -EBUSY while somebody is in it,
 * and often a moment later: then try again. */
int contain_remove(struct contain *c);

#endif
