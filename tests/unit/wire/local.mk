unit_tests += tests/unit/wire/test-frame
tests_unit_wire_test_frame_SOURCES = %D%/test-frame.c
tests_unit_wire_test_frame_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_wire_test_frame_LDADD = libwire.la libbase.la $(unit_libs)

unit_tests += tests/unit/wire/test-link
tests_unit_wire_test_link_SOURCES = %D%/test-link.c %D%/link-pair.c %D%/link-pair.h
tests_unit_wire_test_link_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_wire_test_link_LDADD = libwire.la libloop.la libbase.la $(unit_libs)

unit_tests += tests/unit/wire/test-msg
tests_unit_wire_test_msg_SOURCES = %D%/test-msg.c
tests_unit_wire_test_msg_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_wire_test_msg_LDADD = libwire.la libbase.la $(unit_libs)

unit_tests += tests/unit/wire/test-batch
tests_unit_wire_test_batch_SOURCES = %D%/test-batch.c
tests_unit_wire_test_batch_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_wire_test_batch_LDADD = libwire.la libbase.la $(unit_libs)

unit_tests += tests/unit/wire/test-address
tests_unit_wire_test_address_SOURCES = %D%/test-address.c
tests_unit_wire_test_address_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_wire_test_address_LDADD = libwire.la libbase.la $(unit_libs)
