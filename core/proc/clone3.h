/* clone3.h - clone3(2) with a function and a stack for the child
 *
 * libc has no wrapper for it, and the only way to be born inside a control
 * group goes through it. On processors that are not here yet it answers
 * -ENOSYS, and the caller falls back. */
#ifndef NODELINK_PROC_CLONE3_H
#define NODELINK_PROC_CLONE3_H

#include <linux/sched.h>

/* As clone(2): the child runs fn(arg) on args->stack and ends with its result.
 * args->stack must be set (16-byte aligned, as stack + size). Pid or -errno. */
long clone3_call(struct clone_args *args, int (*fn)(void *), void *arg);

#endif
