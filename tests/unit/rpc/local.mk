unit_tests += \
	tests/unit/rpc/test-crowd \
	tests/unit/rpc/test-guard \
	tests/unit/rpc/test-rpc \
	tests/unit/rpc/test-rpc-ends \
	tests/unit/rpc/test-rpc-tls
check_LTLIBRARIES += librpcrig.la
librpcrig_la_SOURCES = %D%/rig.c %D%/rig.h
librpcrig_la_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
rpc_test_libs = librpcrig.la $(rpc_libs) libloop.la libbase.la $(unit_libs)
tests_unit_rpc_test_crowd_SOURCES = %D%/test-crowd.c
tests_unit_rpc_test_crowd_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_rpc_test_crowd_LDADD = $(rpc_libs) libloop.la libbase.la $(unit_libs)
tests_unit_rpc_test_guard_SOURCES = %D%/test-guard.c
tests_unit_rpc_test_guard_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_rpc_test_guard_LDADD = $(rpc_libs) libloop.la libbase.la $(unit_libs)
tests_unit_rpc_test_rpc_SOURCES = %D%/test-rpc.c
tests_unit_rpc_test_rpc_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_rpc_test_rpc_LDADD = $(rpc_test_libs)
tests_unit_rpc_test_rpc_ends_SOURCES = %D%/test-rpc-ends.c
tests_unit_rpc_test_rpc_ends_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(GRPC_CFLAGS)
tests_unit_rpc_test_rpc_ends_LDADD = $(rpc_test_libs) $(GRPC_LIBS)
tests_unit_rpc_test_rpc_tls_SOURCES = %D%/test-rpc-tls.c
tests_unit_rpc_test_rpc_tls_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_rpc_test_rpc_tls_LDADD = $(rpc_test_libs)
