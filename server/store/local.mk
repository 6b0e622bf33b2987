noinst_LTLIBRARIES += libstore.la
libstore_la_SOURCES =
libstore_la_CFLAGS = $(AM_CFLAGS)
libstore_la_LIBADD =
