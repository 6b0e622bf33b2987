/* env.h - the environment of a task's programs, built and never inherited */
#ifndef NODELINK_EXECUTOR_ENV_H
#define NODELINK_EXECUTOR_ENV_H

#include <stddef.h>

#include "base/err.h"
#include "wire/msg.h"

/* What every task gets: PATH, HOME, USER, LOGNAME, SHELL, LANG. One block,
 * for free(), ended by a name of NULL; NULL: out of memory. */
struct msg_env *env_base(void);

/* base, what the task asked for (wins), and NODELINK_TASK,
 * NODELINK_TASK_DIR, TMPDIR. 0, -ENOMEM, or -EINVAL with the name that is
 * wrong. *out is one block, for free(). */
int env_build(const struct msg_env *base, const char *task_id, const char *dir,
	const struct msg_env *given, size_t n, char ***out, struct err *err);

/* The part of it that the task asked for. */
char *const *env_asked(char *const *env);

/* The value, or NULL. */
const char *env_get(char *const *env, const char *name);

#endif
