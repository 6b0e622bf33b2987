unit_tests += tests/unit/tls/test-files
tests_unit_tls_test_files_SOURCES = %D%/test-files.c
tests_unit_tls_test_files_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_tls_test_files_LDADD = libtls.la libconf.la libbase.la $(unit_libs)
unit_tests += tests/unit/tls/test-expiry
tests_unit_tls_test_expiry_SOURCES = %D%/test-expiry.c
tests_unit_tls_test_expiry_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_tls_test_expiry_LDADD = $(tests_unit_tls_test_files_LDADD)
