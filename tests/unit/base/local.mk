unit_tests += tests/unit/base/test-buf
tests_unit_base_test_buf_SOURCES = %D%/test-buf.c
tests_unit_base_test_buf_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_base_test_buf_LDADD = libbase.la $(unit_libs)
