/* test-fd.c - standard descriptors that are closed at the start */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static bool
is_null(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
	       major(st.st_rdev) == 1 && minor(st.st_rdev) == 3;
}

/* In a child of its own, since Check writes to its stdout: whether those whose
 * bit is set in closed are held, useless, and the others as they were. */
static bool
holds(int closed)
{
	char c = 0;

	for (int fd = 0; fd < 3; fd++)
		if (closed & 1 << fd)
			(void)close(fd);
	if (fd_hold_standard(NULL) < 0)
		return false;
	for (int fd = 0; fd < 3; fd++) {
		ssize_t n;

		if (!(closed & 1 << fd)) {
			if (is_null(fd))
				return false;
			continue;
		}
		n = fd ? write(fd, "x", 1) : read(fd, &c, 1);
		if (!is_null(fd) || n >= 0 || errno != EBADF ||
			fcntl(fd, F_GETFD) != 0)
			return false;
	}
	return true;
}

TEST(holds_the_numbers_of_what_is_closed)
{
	for (int closed = 0; closed < 8; closed++) {
		int pipes[2], status;
		pid_t pid;

		ck_assert_int_eq(pipe(pipes), 0);
		pid = fork();
		ck_assert_int_ge(pid, 0);
		if (pid == 0) {
			(void)dup2(pipes[0], 0);
			(void)dup2(pipes[1], 1);
			(void)dup2(pipes[1], 2);
			_exit(holds(closed) ? 0 : 1);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_msg(status == 0, "closed: %d", closed);
		(void)close(pipes[0]);
		(void)close(pipes[1]);
	}
}
END

	UNIT_MAIN("base fd", holds_the_numbers_of_what_is_closed)
