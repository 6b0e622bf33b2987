/* users.h - who tasks may run as: the default, and those that a task may name
 *
 * All are looked up at the executor's start, so that no task waits for that
 * and a name that is not listed is never asked for. */
#ifndef NODELINK_EXECUTOR_USERS_H
#define NODELINK_EXECUTOR_USERS_H

#include <stddef.h>

#include "base/auto.h"
#include "base/err.h"
#include "proc/user.h"

struct task_user {
	struct user *account;
	struct msg_env *env; /* what every task of it gets, see env.h */
};

struct users;

/* user NULL: ourselves. Blocks. 0 or -errno with text. */
int users_new(const char *user, const char *const *allow, size_t n_allow,
	struct users **out, struct err *err);
void users_free(struct users *users);
AUTO_DEFINE(struct users *, users_free)

/* NULL or "": the default. NULL: not one that a task may name. */
const struct task_user *users_find(const struct users *users, const char *name);

#endif
