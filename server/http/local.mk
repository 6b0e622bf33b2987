noinst_LTLIBRARIES += libhttp.la
libhttp_la_SOURCES =
libhttp_la_CFLAGS = $(AM_CFLAGS)
libhttp_la_LIBADD =
