/* hold.h - what holds the processes of a task together
 *
 * A control group for each attempt where the host can; else only the process
 * groups of its programs, which a process may leave. The rest of the executor
 * does not ask which: it signals, kills, and waits until all are gone. */
#ifndef NODELINK_EXECUTOR_HOLD_H
#define NODELINK_EXECUTOR_HOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "proc/cgroup.h"

struct executor;
struct task;

/* As ex->opt.containment says; kills what a dead executor of this plugin left
 * in its control groups. 0, or -errno with text. */
int holds_new(struct executor *ex, struct err *err);
/* After the last hold_leave(). May wait a moment for processes to die. */
void holds_free(struct executor *ex);

/* "cgroup2" or "group", for receipts. */
const char *hold_name(const struct executor *ex);

/* Before each spawn: the group in which to be born, or NULL where there are no
 * control groups. 0 or -errno. */
int hold_enter(struct task *task, const struct cgroup **out);
/* Is it a control group, so that the kernel tells when it is empty? */
bool hold_is_cgroup(const struct task *task);

/* The polite way, to the programs' groups and to everybody else that is held.
 * How many groups and others it reached. */
size_t hold_signal(struct task *task, int signo);
/* SIGKILL to all, without descriptor, memory or process. False: nobody. */
bool hold_kill(struct task *task);
/* The same, and again until nobody is left; reports who does not die. */
bool hold_kill_on(struct task *task);

/* Nobody is left, besides the leaders that child.c knows. While that is not
 * so, the task hears of the change by task_advance(). */
bool hold_is_empty(struct task *task);
/* Who is alive: at most max, the result says how many were written. */
size_t hold_list(struct task *task, struct group_member *out, size_t max);

/* The task is over. The control group is removed, sometime. */
void hold_leave(struct task *task);

#endif
