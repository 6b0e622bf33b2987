/* child.h - a child that enters a sandbox, does one thing, and is looked at */
#ifndef NODELINK_TESTS_SANDBOX_CHILD_H
#define NODELINK_TESTS_SANDBOX_CHILD_H

#include "base/buf.h"
#include "sandbox/sandbox.h"

/* What the child does; its result is its exit status. */
typedef int child_fn(void);

/* Its wait status. What it wrote to stderr is in child_words. */
int child_run(struct sandbox sandbox, child_fn *fn);
extern char child_words[4096];

/* It dies of SIGSYS and names the call; it goes on and returns 0. */
void child_dies(struct sandbox sandbox, child_fn *fn, const char *call);
void child_goes_on(struct sandbox sandbox, child_fn *fn);

#endif
