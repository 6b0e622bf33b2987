/* seccomp.h - the filter of system calls that programs of tasks run under
 *
 * The administrator's profile is read and compiled once, at the executor's
 * start, so that it costs a task one system call. It is inherited by all that
 * a program starts, and needs no_new_privs. */
#ifndef NODELINK_EXECUTOR_SECCOMP_H
#define NODELINK_EXECUTOR_SECCOMP_H

#include <stdbool.h>

#include "base/auto.h"
#include "base/err.h"
#include "proc/user.h"
#include "wire/msg.h"

struct seccomp;

/* file NULL: there is none. required: no task may do without. Blocks. 0 or
 * -errno with text. */
int seccomp_new(
	const char *file, bool required, struct seccomp **out, struct err *err);
void seccomp_free(struct seccomp *s);
AUTO_DEFINE(struct seccomp *, seccomp_free)

/* What a task of this user that asks so runs under; NULL: nothing. One that may
 * not do without has it whatever it asks. */
const struct spawn_filter *seccomp_choose(const struct seccomp *s,
	const struct user *user, enum msg_seccomp asked);

/* "none", "default" or "required", for the inventory. */
const char *seccomp_name(const struct seccomp *s);

#endif
