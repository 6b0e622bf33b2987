unit_tests += tests/unit/sandbox/test-sandbox tests/unit/sandbox/test-landlock \
	tests/unit/sandbox/test-sockets
tests_unit_sandbox_test_sandbox_SOURCES = %D%/test-sandbox.c %D%/child.c %D%/child.h
tests_unit_sandbox_test_sandbox_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(SECCOMP_CFLAGS)
tests_unit_sandbox_test_sandbox_LDADD = libsandbox.la libbase.la $(SECCOMP_LIBS) $(unit_libs)
tests_unit_sandbox_test_landlock_SOURCES = %D%/test-landlock.c %D%/child.c %D%/child.h
tests_unit_sandbox_test_landlock_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_sandbox_test_landlock_LDADD = libsandbox.la libbase.la $(unit_libs)
tests_unit_sandbox_test_sockets_SOURCES = %D%/test-sockets.c %D%/child.c %D%/child.h
tests_unit_sandbox_test_sockets_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_sandbox_test_sockets_LDADD = libsandbox.la libbase.la $(unit_libs)
