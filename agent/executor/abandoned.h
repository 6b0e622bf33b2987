/* abandoned.h - the hooks of tasks whose executor died
 *
 * The server has called such a task executor_lost, and is told nothing more
 * about it: what its hooks print goes to the log. */
#ifndef NODELINK_EXECUTOR_ABANDONED_H
#define NODELINK_EXECUTOR_ABANDONED_H

#include <stdbool.h>
#include <stddef.h>

struct executor;
struct task;

/* Nothing else of that task is left. True: it has hooks, they will run, and
 * then the folder is removed. */
bool abandoned_add(struct executor *ex, const char *task_id);
/* Begin with the first of them. */
void abandoned_start(struct executor *ex);
bool abandoned_has(const struct executor *ex, const char *task_id);
/* ex->hooks_until was set. */
void abandoned_stop(struct executor *ex);
void abandoned_free(struct executor *ex);

/* For task.c: it is freed next. */
void abandoned_dropped(struct task *task);
/* For output.c. */
void abandoned_log(struct task *task, const void *data, size_t len);

#endif
