unit_tests += tests/unit/wire/test-frame tests/unit/wire/test-link
tests_unit_wire_test_frame_SOURCES = %D%/test-frame.c
tests_unit_wire_test_frame_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_wire_test_frame_LDADD = libwire.la libbase.la $(unit_libs)
tests_unit_wire_test_link_SOURCES = %D%/test-link.c
tests_unit_wire_test_link_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_wire_test_link_LDADD = libwire.la libloop.la libbase.la $(unit_libs)
