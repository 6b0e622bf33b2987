/* profile.h - a seccomp profile in the OCI's JSON to what the kernel takes
 *
 * The form is that of the OCI's runtime specification with the additions of
 * docker and podman (archMap, includes, excludes, names of errors), so that
 * their own profiles load as they are. What a reader of such a file does not
 * expect is an error: a misspelt field would be a hole. */
#ifndef NODELINK_EXECUTOR_PROFILE_H
#define NODELINK_EXECUTOR_PROFILE_H

#include <jansson.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { PROFILE_MAX = 1 << 20 }; /* bytes of such a file */

/* For a process that has these capabilities, bit n for number n. `code` gets
 * the kernel's instructions (struct sock_filter), at most BPF_MAXINSNS of them,
 * *flags those of seccomp(2), `unknown` the names that this libseccomp does not
 * know and that nothing is lost by. 0; -EINVAL, -E2BIG with text; -ENOMEM. */
int profile_compile(const json_t *profile, uint64_t caps, struct buf *code,
	unsigned *flags, struct buf *unknown, struct err *err);

/* What the kernel would return for this call. */
struct seccomp_data;
uint32_t profile_run(const struct buf *code, const struct seccomp_data *call);
/* Could a program be started and end? 0, or -EINVAL with text. */
int profile_check(const struct buf *code, struct err *err);

/* ------------------------------------ between profile.c and profile_rule.c */

struct profile {
	scmp_filter_ctx filter;
	uint32_t fallback; /* the action of calls that no rule is about */
	uint64_t caps;
	struct buf *unknown;
};

/* The action of an object: its member, and the errors that go with it. */
int profile_action(const json_t *object, const char *member,
	const char *errno_member, const char *errno_name, uint32_t *out,
	struct err *err);
/* One entry of "syscalls". */
int profile_rule(struct profile *p, const json_t *entry, struct err *err);

#endif
