unit_server_libs = libapi.la libhub.la libstore.la libhttp.la libtask.la libwire.la \
	libjson.la libloop.la libbase.la $(unit_libs)

check_LTLIBRARIES += libunitserver.la
libunitserver_la_SOURCES = %D%/client.c %D%/client.h
libunitserver_la_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)

unit_tests += tests/unit/server/test-http-request tests/unit/server/test-http-stream
tests_unit_server_test_http_request_SOURCES = %D%/test-http-request.c
tests_unit_server_test_http_request_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) -I$(srcdir)/%D%
tests_unit_server_test_http_request_LDADD = libunitserver.la libhttp.la libjson.la \
	libloop.la libbase.la $(unit_libs)
tests_unit_server_test_http_stream_SOURCES = %D%/test-http-stream.c
tests_unit_server_test_http_stream_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) -I$(srcdir)/%D%
tests_unit_server_test_http_stream_LDADD = $(tests_unit_server_test_http_request_LDADD)
