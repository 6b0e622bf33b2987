/* unit.c - what every Check program shares: run a suite, speak TAP
 *
 * Check's own TAP goes to a file; automake's driver reads stdout, so that is
 * the file. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

int
unit_run(const char *subject, const TTest *const *tests)
{
	Suite *suite = suite_create(subject);
	TCase *tcase = tcase_create(subject);
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, 60);
	for (; *tests; tests++)
		tcase_add_test(tcase, *tests);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_set_tap(runner, "/dev/stdout");
	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int
unit_skip(const char *why)
{
	(void)printf("1..0 # SKIP %s\n", why);
	return EXIT_SUCCESS;
}
