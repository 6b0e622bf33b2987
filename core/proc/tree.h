/* tree.h - the processes below one, by who is whose child
 *
 * For what no control group holds: below a process that is the first of a PID
 * namespace, or a subreaper, every process is its descendant, whatever it
 * does. A walk is a look at something that changes: it may miss one that is
 * born meanwhile, never takes a stranger for a member, and proves nothing. */
#ifndef NODELINK_PROC_TREE_H
#define NODELINK_PROC_TREE_H

#include <stdbool.h>

#include "proc/procfs.h"

/* dir is the process's folder, pinned (procfs_open()). True: look below it,
 * too. */
typedef bool tree_fn(void *arg, const struct procfs_stat *stat, int dir);

/* fn for every process below the one whose folder is root; dead ones and those
 * that are a hundred generations away are left out. Needs no memory. 0; or
 * -errno: root is gone, this kernel does not list children, or somebody could
 * not be looked at. */
int tree_walk(int root, tree_fn *fn, void *arg);

/* For tree_walk(): SIGKILL to each. */
tree_fn tree_kill_one;

#endif
