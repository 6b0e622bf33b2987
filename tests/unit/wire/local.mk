unit_tests += tests/unit/wire/test-msg
tests_unit_wire_test_msg_SOURCES = %D%/test-msg.c
tests_unit_wire_test_msg_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_wire_test_msg_LDADD = libwire.la libbase.la $(unit_libs)
