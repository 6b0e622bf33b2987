/* hooks-rig.h - what the tests of hooks share, over rig.h */
#ifndef NODELINK_TESTS_HOOKS_RIG_H
#define NODELINK_TESTS_HOOKS_RIG_H

#include "tests/unit/agent/rig.h"

#define SHELL "plugins/.libs/shell.so"

/* A shell task with cleanup, NULL at the end; as rig_start() otherwise. */
void hooks_start(struct rig *rig, const char *id, const char *cmd,
	const char *const *cleanup, struct msg_start how);
/* What its hooks have printed; valid until the next call. */
const char *hooks_printed(struct rig *rig, const char *id);
/* The loop runs until there is a file of that name. */
void hooks_wait_file(struct rig *rig, const char *path);
/* Have this rig's executor die without a word, and a new one take its place. */
void hooks_new_executor(struct rig *rig);

#endif
