/* policy.h - what the administrator of this node does not let tasks do
 *
 * The settings are the policy, and no server changes them. A "no" names the
 * setting: the result's `rule` is "section.key" of nodelink-agent.conf(5), or
 * "plugin.key" for a setting of a plugin. */
#ifndef NODELINK_EXECUTOR_POLICY_H
#define NODELINK_EXECUTOR_POLICY_H

#include "base/err.h"
#include "wire/msg.h"

struct executor;
struct task;

/* What a start asks for beside its parameters. 0, or -EPERM with text, and the
 * task knows the rule. The user is task_identify()'s business. */
int
policy_check(struct task *task, const struct msg_start *how, struct err *err);

/* The same for a folder that a program of the task is to begin in. */
int policy_check_cwd(struct task *task, const char *cwd, struct err *err);

/* Remember the rule, and -EPERM with text. */
int policy_forbid(struct task *task, const char *rule, struct err *err,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
