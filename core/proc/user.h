/* user.h - accounts of this host: who a process may become or act as
 *
 * Looking a name up may read files and ask a network, so it is done once and
 * before any work depends on it. */
#ifndef NODELINK_PROC_USER_H
#define NODELINK_PROC_USER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/auto.h"
#include "base/err.h"
#include "proc/spawn.h"

struct user {
	char *name, *home, *shell;
	struct spawn_user id;
	gid_t *groups; /* of id */
	bool is_us; /* the uid of this process: nothing to become */
};

/* Blocks. NULL: ourselves, also without an account. 0; -EINVAL or another
 * -errno with a text that names the user; -EPERM when we cannot become it. */
int user_new(const char *name, struct user **out, struct err *err);
void user_free(struct user *user);
AUTO_DEFINE(struct user *, user_free)

/* May its programs use this folder by its path? 0 or -errno. */
int user_can_enter(const struct user *user, const char *path);
/* And see what is in it? */
int user_can_read(const struct user *user, const char *path);

/* This thread looks at files as that uid and gid would, with no other group and
 * no privilege; only for root. 0 or -errno, then nothing has changed. Not to be
 * nested; user_act_as_us() ends it. */
int user_act_as(uid_t uid, gid_t gid);
void user_act_as_us(void);

#endif
