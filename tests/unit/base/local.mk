unit_tests += tests/unit/base/test-arena
tests_unit_base_test_arena_SOURCES = %D%/test-arena.c
tests_unit_base_test_arena_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_base_test_arena_LDADD = libbase.la $(unit_libs)

unit_tests += tests/unit/base/test-buf
tests_unit_base_test_buf_SOURCES = %D%/test-buf.c
tests_unit_base_test_buf_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_base_test_buf_LDADD = libbase.la $(unit_libs)

unit_tests += tests/unit/base/test-fd
tests_unit_base_test_fd_SOURCES = %D%/test-fd.c
tests_unit_base_test_fd_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_base_test_fd_LDADD = libbase.la $(unit_libs)

unit_tests += tests/unit/base/test-id
tests_unit_base_test_id_SOURCES = %D%/test-id.c
tests_unit_base_test_id_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_base_test_id_LDADD = libbase.la $(unit_libs)

unit_tests += tests/unit/base/test-label
tests_unit_base_test_label_SOURCES = %D%/test-label.c
tests_unit_base_test_label_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_base_test_label_LDADD = libbase.la $(unit_libs)

unit_tests += tests/unit/base/test-notify
tests_unit_base_test_notify_SOURCES = %D%/test-notify.c
tests_unit_base_test_notify_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_base_test_notify_LDADD = libbase.la $(unit_libs)

unit_tests += tests/unit/base/test-parse
tests_unit_base_test_parse_SOURCES = %D%/test-parse.c
tests_unit_base_test_parse_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_base_test_parse_LDADD = libbase.la $(unit_libs)

unit_tests += tests/unit/base/test-rates
tests_unit_base_test_rates_SOURCES = %D%/test-rates.c
tests_unit_base_test_rates_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_base_test_rates_LDADD = libbase.la $(unit_libs)

unit_tests += tests/unit/base/test-shares
tests_unit_base_test_shares_SOURCES = %D%/test-shares.c
tests_unit_base_test_shares_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_base_test_shares_LDADD = libbase.la $(unit_libs)

unit_tests += tests/unit/base/test-utf8
tests_unit_base_test_utf8_SOURCES = %D%/test-utf8.c
tests_unit_base_test_utf8_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_base_test_utf8_LDADD = libbase.la $(unit_libs)

unit_tests += tests/unit/base/test-trusted
tests_unit_base_test_trusted_SOURCES = %D%/test-trusted.c
tests_unit_base_test_trusted_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_base_test_trusted_LDADD = libbase.la $(unit_libs)

unit_tests += tests/unit/base/test-pass
tests_unit_base_test_pass_SOURCES = %D%/test-pass.c
tests_unit_base_test_pass_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_base_test_pass_LDADD = libbase.la $(unit_libs)

unit_tests += tests/unit/base/test-place
tests_unit_base_test_place_SOURCES = %D%/test-place.c
tests_unit_base_test_place_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_base_test_place_LDADD = libbase.la $(unit_libs)
