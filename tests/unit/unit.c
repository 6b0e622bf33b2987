/* unit.c - what every Check program shares: run a suite, speak TAP
 *
 * Check's own TAP goes to a file; automake's driver reads stdout, so that is
 * the file. */
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEST_S = 60, WAIT_MS = TEST_S * 1000 / 2, AGAIN_MS = 10 };

static char top[] = "/tmp/nodelink-unit-XXXXXX";

/* Each test is a process of its own: this is before the first. */
static bool
make_top(void)
{
	/* Tasks of others pass through. */
	if (mkdtemp(top) && chmod(top, 0711) == 0)
		return true;
	perror(top);
	return false;
}

static void
remove_top(void)
{
	char command[sizeof top + 16];

	(void)snprintf(command, sizeof command, "rm -rf '%s'", top);
	if (system(command) != 0)
		(void)fprintf(stderr, "cannot remove %s\n", top);
}

void
unit_temp_dir(const char *name, char *out, size_t size)
{
	int n = snprintf(out, size, "%s/%s-XXXXXX", top, name);

	ck_assert(n > 0 && (size_t)n < size);
	ck_assert_ptr_nonnull(mkdtemp(out));
}

int
unit_wait_ms(void)
{
	const char *times = getenv("CK_TIMEOUT_MULTIPLIER");
	double n = times ? strtod(times, NULL) : 1;

	return (int)(WAIT_MS * (n > 0 ? n : 1));
}

bool
unit_again(int r)
{
	static int tries; /* of one test: each is a process */

	if (r != -EAGAIN || tries++ >= unit_wait_ms() / AGAIN_MS)
		return false;
	(void)poll(NULL, 0, AGAIN_MS);
	return true;
}

pid_t
unit_fork(void)
{
	pid_t pid;

	do
		pid = fork();
	while (pid < 0 && unit_again(-errno));
	ck_assert_msg(pid >= 0, "cannot fork: %s", strerror(errno));
	return pid;
}

int
unit_run(const char *subject, const TTest *const *tests)
{
	Suite *suite = suite_create(subject);
	TCase *tcase = tcase_create(subject);
	SRunner *runner;
	int failed;

	if (!make_top())
		return EXIT_FAILURE;
	tcase_set_timeout(tcase, TEST_S);
	for (; *tests; tests++)
		tcase_add_test(tcase, *tests);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_set_tap(runner, "/dev/stdout");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	remove_top();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int
unit_skip(const char *why)
{
	(void)printf("1..0 # SKIP %s\n", why);
	return EXIT_SUCCESS;
}
