unit_tests += tests/unit/proc/test-spawn tests/unit/proc/test-group
tests_unit_proc_test_spawn_SOURCES = %D%/test-spawn.c
tests_unit_proc_test_spawn_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_proc_test_spawn_LDADD = libproc.la libloop.la libbase.la $(unit_libs)
tests_unit_proc_test_group_SOURCES = %D%/test-group.c
tests_unit_proc_test_group_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_proc_test_group_LDADD = libproc.la libloop.la libbase.la $(unit_libs)

# The same program for each rung; its name says which.
unit_tests += tests/unit/proc/test-contain-cgroup2
tests_unit_proc_test_contain_cgroup2_SOURCES = %D%/test-contain.c
tests_unit_proc_test_contain_cgroup2_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_proc_test_contain_cgroup2_LDADD = libproc.la libloop.la libbase.la $(unit_libs)
unit_tests += tests/unit/proc/test-contain-group
tests_unit_proc_test_contain_group_SOURCES = %D%/test-contain.c
tests_unit_proc_test_contain_group_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_proc_test_contain_group_LDADD = libproc.la libloop.la libbase.la $(unit_libs)
unit_tests += tests/unit/proc/test-contain-cgroup2-freeze
tests_unit_proc_test_contain_cgroup2_freeze_SOURCES = %D%/test-contain.c
tests_unit_proc_test_contain_cgroup2_freeze_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_proc_test_contain_cgroup2_freeze_LDADD = libproc.la libloop.la libbase.la $(unit_libs)
unit_tests += tests/unit/proc/test-contain-cgroup1
tests_unit_proc_test_contain_cgroup1_SOURCES = %D%/test-contain.c
tests_unit_proc_test_contain_cgroup1_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_proc_test_contain_cgroup1_LDADD = libproc.la libloop.la libbase.la $(unit_libs)
