noinst_LTLIBRARIES += libhub.la
libhub_la_SOURCES =
libhub_la_CFLAGS = $(AM_CFLAGS)
libhub_la_LIBADD =
