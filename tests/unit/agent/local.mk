check_LTLIBRARIES += librig.la
librig_la_SOURCES = %D%/rig.c %D%/rig.h
librig_la_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)

rig_libs = librig.la libexecutor.la $(unit_libs)

unit_tests += tests/unit/agent/test-executor-run
tests_unit_agent_test_executor_run_SOURCES = %D%/test-executor-run.c
tests_unit_agent_test_executor_run_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_run_LDADD = $(rig_libs)
