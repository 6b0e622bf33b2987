unit_tests += tests/unit/task/test-state
tests_unit_task_test_state_SOURCES = %D%/test-state.c
tests_unit_task_test_state_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_task_test_state_LDADD = libtask.la libbase.la $(unit_libs)
unit_tests += tests/unit/task/test-reason
tests_unit_task_test_reason_SOURCES = %D%/test-reason.c
tests_unit_task_test_reason_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_task_test_reason_LDADD = libtask.la libbase.la $(unit_libs)
