noinst_LTLIBRARIES += libapi.la
libapi_la_SOURCES =
libapi_la_CFLAGS = $(AM_CFLAGS)
libapi_la_LIBADD =
