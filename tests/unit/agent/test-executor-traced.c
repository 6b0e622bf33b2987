/* test-executor-traced.c - a leader that somebody else traces when it ends
 *
 * The kernel shows it dead and lets only its tracer reap it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "proc/group.h"
#include "tests/unit/agent/rig.h"
#include "tests/unit/unit.h"

#define SHELL "plugins/.libs/shell.so"

static struct rig rig;

/* Lets it go on whenever it stops, and never reaps it. */
__attribute__((noreturn)) static void
trace(pid_t pid, int answer)
{
	siginfo_t info;
	bool traced;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	traced = ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0;

	(void)!write(answer, traced ? "y" : "n", 1);
	while (traced && waitid(P_PID, (id_t)pid, &info, WSTOPPED) == 0)
		(void)ptrace(PTRACE_CONT, pid, NULL,
			info.si_status == SIGTRAP ? 0 : (long)info.si_status);
	for (;;)
		(void)pause();
}

/* 0: it is not allowed here. */
static pid_t
start_tracer(pid_t pid)
{
	int ends[2];
	char answer = 0;
	pid_t tracer;

	if (pipe(ends) < 0)
		return 0;
	tracer = fork();
	if (tracer == 0)
		trace(pid, ends[1]);
	(void)!read(ends[0], &answer, 1);
	(void)close(ends[0]);
	(void)close(ends[1]);
	if (answer == 'y')
		return tracer;
	(void)kill(tracer, SIGKILL);
	(void)waitpid(tracer, NULL, 0);
	return 0;
}

static int64_t
cpu_us(void)
{
	struct rusage used;

	ck_assert_int_eq(getrusage(RUSAGE_SELF, &used), 0);
	return used.ru_utime.tv_sec * 1000000ll + used.ru_utime.tv_usec +
	       used.ru_stime.tv_sec * 1000000ll + used.ru_stime.tv_usec;
}

static bool
is_zombie(pid_t pid)
{
	struct group_member member;

	group_member_read(pid, &member);
	return member.state == 'Z';
}

TEST(is_waited_for_and_reported_as_it_ended)
{
	const struct msg_result *result;
	int64_t end = clock_ms() + unit_wait_ms(), before;
	pid_t leader, tracer;

	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", "cmd", "read x < <(sleep 0.2); exit 3", NULL);
	leader = (pid_t)rig_wait(&rig, "t1", MSG_STARTED, 0)->started.pid;
	tracer = start_tracer(leader);
	ck_assert_int_gt(tracer, 0);
	while (!is_zombie(leader) && clock_ms() < end)
		rig_run(&rig, 1);
	before = cpu_us();
	rig_run(&rig, 500);
	ck_assert_int_lt(cpu_us() - before, 100000); /* it does not spin */
	ck_assert_ptr_null(rig_find(&rig, "t1", MSG_RESULT, 0));
	ck_assert_int_eq(kill(tracer, SIGKILL), 0);
	result = rig_result(&rig, "t1");
	ck_assert_int_eq(result->outcome, MSG_EXITED);
	ck_assert_int_eq(result->code, 3);
	rig_close(&rig);
}
END

TEST(is_reported_as_unkillable_while_it_is_held)
{
	const struct msg *msg;
	pid_t leader, tracer;

	rig.options.unkillable_after_ms = 100;
	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", "cmd", "exec sleep 1000", NULL);
	leader = (pid_t)rig_wait(&rig, "t1", MSG_STARTED, 0)->started.pid;
	tracer = start_tracer(leader);
	ck_assert_int_gt(tracer, 0);
	rig_cancel(&rig, "t1", 0);
	msg = rig_wait(&rig, "t1", MSG_CANCEL_PHASE, 2);
	ck_assert_int_eq(msg->cancel_phase.phase, MSG_PHASE_UNKILLABLE);
	ck_assert_ptr_null(rig_find(&rig, "t1", MSG_RESULT, 0));
	ck_assert_int_eq(kill(tracer, SIGKILL), 0);
	ck_assert(rig_result(&rig, "t1")->cancelled);
	rig_close(&rig);
}
END

	static bool
	may_trace(void)
{
	pid_t child = fork(), tracer;

	if (child == 0)
		for (;;)
			(void)pause();
	tracer = start_tracer(child);
	if (tracer) {
		(void)kill(tracer, SIGKILL);
		(void)waitpid(tracer, NULL, 0);
	}
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	return tracer != 0;
}

int
main(void)
{
	const TTest *const tests[] = { is_waited_for_and_reported_as_it_ended,
		is_reported_as_unkillable_while_it_is_held, NULL };

	if (!may_trace())
		return unit_skip("one process may not trace another here");
	return unit_run("a leader that is traced", tests);
}
