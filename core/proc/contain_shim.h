/* contain_shim.h - between contain_shim.c and its parts */
#ifndef NODELINK_PROC_CONTAIN_SHIM_H
#define NODELINK_PROC_CONTAIN_SHIM_H

#include "proc/contain_internal.h"
#include "proc/tree.h"

/* One program of a containment, and its shim. */
struct program {
	struct program *next;
	pid_t shim, pid;
	int shim_pidfd; /* -1: dead and reaped */
	int socket;
	int wait; /* epoll of what contain_reap() waits for */
	bool ended; /* the shim has said how */
	bool silent; /* it has not, and will not: it is dead, or about to be */
	bool released;
	bool reaped; /* the caller knows how it ended */
	struct child_exit exit;
};

struct shims {
	struct contain contain;
	struct shim_host *host;
	struct shims *next; /* of the host */
	struct program *programs;
	int epoll; /* of its shims, for contain_fd() */
	unsigned strokes; /* of contain_kill() */
	bool broken; /* a shim died before its program's processes */
};

struct shim_host {
	struct shims *first;
	char *path;
	bool subreaper;
	unsigned long clone_flags;
};

/* For the tables. */
int shim_host_open_pidns(
	const struct contain_options *options, void **own, struct err *err);
int shim_host_open_subreaper(
	const struct contain_options *options, void **own, struct err *err);
void shim_host_close(void *own);
int
shims_make(void *own, const char *name, struct contain **out, struct err *err);

/* NULL: no memory. */
struct program *program_new(void);
/* Closes and forgets; a shim whose socket is closed leaves nobody alive. */
void program_free(struct program *p);
/* The same for one that did not start: its shim has nobody to look after. */
void program_abandon(struct program *p);
AUTO_DEFINE(struct program *, program_abandon)
struct program *program_find(const struct shims *c, pid_t pid);

/* A shim, and below it the program. 0, or -errno as contain_spawn(). */
int program_start(struct shims *c, struct program *p, const struct spawn *how,
	int *pidfd, enum spawn_step *failed);
/* What has the shim said? It is not taken away, so that p->wait stays ready. */
void program_listen(struct shims *c, struct program *p);
/* The same for a program that the kernel shows dead: its shim is about to say
 * so, and gets a moment for it. */
void program_await(struct shims *c, struct program *p);
/* If it is dead, its numbers may be given to others. */
void program_release(struct shims *c, struct program *p);
/* Is its shim dead? Then that is reaped, and p->exit is set. */
bool program_is_over(struct shims *c, struct program *p);

/* Those who live in c: below its shims, and our own children when it is broken.
 * 0; -errno: not all were seen. */
int shims_walk(struct shims *c, tree_fn *fn, void *arg);
/* Children of ours that are no shims, and those below. */
int shims_walk_orphans(const struct shim_host *host, tree_fn *fn, void *arg);
/* Is there a child of ours that is no shim? 1, 0, -errno. */
int shims_have_orphans(const struct shim_host *host);

#endif
