/* test-executor-stuck.c - processes that not even SIGKILL ends for a while
 *
 * A frozen control group of v1 makes them: state D until it is thawed. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "tests/unit/agent/rig.h"
#include "tests/unit/unit.h"

#define SHELL "plugins/.libs/shell.so"
#define FREEZER "/sys/fs/cgroup/freezer"

static struct rig rig;
static char group[96];

static int
put(const char *file, const char *text)
{
	char path[160];
	AUTO_CLOSE int fd = -1;

	(void)snprintf(path, sizeof path, "%s/%s", group, file);
	fd = fd_open(path, O_WRONLY);
	return fd < 0 ? fd : fd_write_all(fd, text, strlen(text));
}

static void
freeze(pid_t pid)
{
	char text[16];

	(void)snprintf(text, sizeof text, "%d", (int)pid);
	ck_assert_int_eq(put("cgroup.procs", text), 0);
	ck_assert_int_eq(put("freezer.state", "FROZEN"), 0);
}

TEST(are_named_and_waited_for)
{
	const struct msg *msg;
	const struct msg_result *result;
	char name[32];
	pid_t leader;

	rig.options.unkillable_after_ms = 200;
	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", "cmd", "exec sleep 1000", NULL);
	leader = (pid_t)rig_wait(&rig, "t1", MSG_STARTED, 0)->started.pid;
	freeze(leader);
	rig_cancel(&rig, "t1", 0);
	msg = rig_wait(&rig, "t1", MSG_CANCEL_PHASE, 2);
	ck_assert_int_eq(msg->cancel_phase.phase, MSG_PHASE_UNKILLABLE);
	(void)snprintf(name, sizeof name, "%d (", (int)leader);
	ck_assert_msg(strstr(msg->cancel_phase.message, name) != NULL, "%s",
		msg->cancel_phase.message);
	ck_assert_msg(strstr(msg->cancel_phase.message, "state D") != NULL,
		"%s", msg->cancel_phase.message);
	ck_assert_ptr_null(rig_find(&rig, "t1", MSG_RESULT, 0));
	ck_assert_int_eq(put("freezer.state", "THAWED"), 0);
	result = rig_result(&rig, "t1");
	ck_assert(result->cancelled);
	ck_assert_uint_eq(result->receipt->survivors, 0);
	rig_close(&rig);
}
END

	int
	main(void)
{
	const TTest *const tests[] = { are_named_and_waited_for, NULL };
	int64_t end;
	int failed;

	(void)snprintf(group, sizeof group, FREEZER "/nodelink-test-%d",
		(int)getpid());
	if (mkdir(group, 0755) < 0)
		return unit_skip("no group can be made in " FREEZER);
	failed = unit_run("processes that survive SIGKILL", tests);
	end = clock_ms() + 1000;
	while (rmdir(group) < 0 && clock_ms() < end)
		(void)usleep(1000);
	return failed;
}
