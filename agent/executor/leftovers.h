/* leftovers.h - processes of an executor that died before it could stop them
 *
 * The leaders died with it (PR_SET_PDEATHSIG); this is for their children.
 * Found by NODELINK_TASK_DIR in their environment: good enough for a crash,
 * and no containment, since a process may clear its environment. */
#ifndef NODELINK_EXECUTOR_LEFTOVERS_H
#define NODELINK_EXECUTOR_LEFTOVERS_H

#include <stddef.h>

#include "proc/group.h"

/* SIGKILL every process whose task folder lies below scratch, until none is
 * found or a second has passed. Blocks; for the start. How many were found
 * alive. */
size_t leftovers_kill(const char *scratch);
/* Once. Who was alive, as group_list(). Only while no task of our own runs. */
int leftovers_stroke(const char *scratch, struct group_member *out, size_t max);

#endif
