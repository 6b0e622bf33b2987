unit_tests += tests/unit/loop/test-loop
tests_unit_loop_test_loop_SOURCES = %D%/test-loop.c
tests_unit_loop_test_loop_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_loop_test_loop_LDADD = libloop.la libbase.la $(unit_libs)
