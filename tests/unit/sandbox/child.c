/* child.c - a child that enters a sandbox, does one thing, and is looked at */
#include "child.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "tests/unit/unit.h"

enum { REFUSED = 99 };

char child_words[4096];

__attribute__((noreturn)) static void
be_child(struct sandbox *sandbox, child_fn *fn, int words)
{
	struct err err = { "" };

	(void)dup2(words, STDERR_FILENO);
	if (sandbox_confine(sandbox, &err) < 0 ||
		sandbox_filter(sandbox, &err) < 0) {
		(void)!write(STDERR_FILENO, err.text, strlen(err.text));
		_exit(REFUSED);
	}
	_exit(fn());
}

int
child_run(struct sandbox sandbox, child_fn *fn)
{
	AUTO_BUF struct buf words = { 0 };
	int ends[2], status;
	pid_t pid;

	ck_assert_int_eq(fd_pipe(ends, false), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		be_child(&sandbox, fn, ends[1]);
	(void)close(ends[1]);
	ck_assert_int_eq(
		fd_read_all(ends[0], &words, sizeof child_words - 1), 0);
	(void)close(ends[0]);
	(void)snprintf(child_words, sizeof child_words, "%s", buf_text(&words));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(!WIFEXITED(status) || WEXITSTATUS(status) != REFUSED,
		"the sandbox cannot be entered: %s", child_words);
	return status;
}

void
child_dies(struct sandbox sandbox, child_fn *fn, const char *call)
{
	char named[64];
	int status = child_run(sandbox, fn);

	(void)snprintf(named, sizeof named, "(%s)", call);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS,
		"%s: status %d, %s", call, status, child_words);
	ck_assert_msg(strstr(child_words, named) != NULL, "%s is not named: %s",
		call, child_words);
}

void
child_goes_on(struct sandbox sandbox, child_fn *fn)
{
	int status = child_run(sandbox, fn);

	ck_assert_msg(status == 0, "status %d, %s", status, child_words);
}
