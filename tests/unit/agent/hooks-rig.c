/* hooks-rig.c - what the tests of hooks share, over rig.h */
#include "tests/unit/agent/hooks-rig.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "tests/unit/unit.h"

void
hooks_start(struct rig *rig, const char *id, const char *cmd,
	const char *const *cleanup, struct msg_start how)
{
	struct msg_hook hooks[LIMIT_HOOKS];

	if (cleanup) {
		for (how.n_cleanup = 0; cleanup[how.n_cleanup]; how.n_cleanup++)
			hooks[how.n_cleanup] = (struct msg_hook){
				.cmd = cleanup[how.n_cleanup]
			};
		how.cleanup = hooks;
	}
	rig_start(rig, id, "cmd", cmd, &how);
}

const char *
hooks_printed(struct rig *rig, const char *id)
{
	static struct buf out;

	buf_clear(&out);
	rig_output(rig, id, MSG_HOOK, &out);
	return buf_text(&out);
}

void
hooks_wait_file(struct rig *rig, const char *path)
{
	int64_t until = clock_ms() + unit_wait_ms();

	while (access(path, F_OK) < 0) {
		ck_assert_msg(clock_ms() < until, "no file '%s'", path);
		rig_run(rig, 10);
	}
}

void
hooks_new_executor(struct rig *rig)
{
	struct err err = { .text = "" };

	link_free(TAKE(rig->link));
	executor_free(TAKE(rig->ex));
	rig_forget(rig);
	ck_assert_msg(executor_new(rig->loop, rig->plugin, &rig->options,
			      &rig->ex, &err) == 0,
		"%s", err.text);
	rig_attach(rig);
}
