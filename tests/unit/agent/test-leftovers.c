/* test-leftovers.c - processes of an executor that was killed */
#include "executor/leftovers.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

/* A program in a group of its own that was started with this variable. */
static pid_t
sleeper(const char *variable)
{
	char text[128];
	char *envp[] = { text, NULL };
	int ready[2];
	pid_t pid;
	char byte;

	(void)snprintf(text, sizeof text, "%s", variable);
	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		(void)setpgid(0, 0);
		(void)execle("/bin/sleep", "sleep", "1000", NULL, envp);
		_exit(127);
	}
	/* Closed by a successful exec. */
	(void)close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 0);
	(void)close(ready[0]);
	return pid;
}

static int
how_it_died(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

TEST(kills_what_was_started_below_the_scratch_folder)
{
	pid_t one = sleeper("NODELINK_TASK_DIR=/tmp/test-leftovers/a/t1");
	pid_t two = sleeper("NODELINK_TASK_DIR=/tmp/test-leftovers/a/t2");

	ck_assert_int_eq(leftovers_kill("/tmp/test-leftovers/a"), 0);
	ck_assert_int_eq(how_it_died(one), SIGKILL);
	ck_assert_int_eq(how_it_died(two), SIGKILL);
}
END

TEST(leaves_the_tasks_of_another_executor_alone)
{
	pid_t other = sleeper("NODELINK_TASK_DIR=/tmp/test-leftovers/ab/t1");

	ck_assert_int_eq(leftovers_kill("/tmp/test-leftovers/a"), 0);
	ck_assert_int_eq(waitpid(other, NULL, WNOHANG), 0);
	ck_assert_int_eq(kill(other, SIGTERM), 0);
	ck_assert_int_eq(how_it_died(other), SIGTERM);
}
END

	UNIT_MAIN("leftovers", kills_what_was_started_below_the_scratch_folder,
		leaves_the_tasks_of_another_executor_alone)
