/* death.h - wait for the death of a child that somebody else may trace
 *
 * What is traced can be dead without our being allowed to reap it: its
 * descriptor is ready all the time then, so we look at times instead. */
#ifndef NODELINK_PROC_DEATH_H
#define NODELINK_PROC_DEATH_H

#include <stdbool.h>

#include "loop/loop.h"

struct death;

/* Try to reap it. True: that is done, and the watch is freed. False: not to be
 * reaped yet; it comes again, at once and then after 10 ms to 1 s. */
typedef bool death_fn(void *arg);

/* fn(arg) when the child behind fd is dead: its pidfd, or what contain_spawn()
 * gives to wait for. fd is borrowed; free the watch before closing it. NULL: no
 * memory. */
struct death *death_new(struct loop *loop, int fd, death_fn *fn, void *arg);
void death_free(struct death *d);
AUTO_DEFINE(struct death *, death_free)

#endif
