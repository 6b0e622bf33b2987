/* env.h - the environment of a task's programs, built and never inherited */
#ifndef NODELINK_EXECUTOR_ENV_H
#define NODELINK_EXECUTOR_ENV_H

#include <stddef.h>

#include "base/err.h"
#include "proc/user.h"
#include "wire/msg.h"

/* What every task of the user gets: PATH, HOME, USER, LOGNAME, SHELL, LANG. One
 * block, for free(), ended by a name of NULL; its texts are the user's. NULL:
 * out of memory. */
struct msg_env *env_base(const struct user *user);

/* base, what the task asked for (wins), NODELINK_TASK and the paths of its
 * folder dir: NODELINK_TASK_DIR, TMPDIR, NODELINK_CANCEL_FILE,
 * NODELINK_DEFER_FILE. 0, -ENOMEM, or -EINVAL with the name that is
 * wrong. *out is one block, for free(). */
int env_build(const struct msg_env *base, const char *task_id, const char *dir,
	const struct msg_env *given, size_t n, char ***out, struct err *err);

/* The part of it that the task asked for. */
char *const *env_asked(char *const *env);

/* env with `more`, which wins; a value of NULL takes the variable out. One block
 * for free(), which borrows the texts of env. NULL: out of memory. */
char **env_with(char *const *env, const struct msg_env *more, size_t n);

/* The value, or NULL. */
const char *env_get(char *const *env, const char *name);

#endif
