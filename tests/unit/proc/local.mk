unit_tests += tests/unit/proc/test-cgroup
tests_unit_proc_test_cgroup_SOURCES = %D%/test-cgroup.c
tests_unit_proc_test_cgroup_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_proc_test_cgroup_LDADD = libproc.la libloop.la libbase.la $(unit_libs)
