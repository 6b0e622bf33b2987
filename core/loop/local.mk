noinst_LTLIBRARIES += libloop.la
libloop_la_SOURCES = %D%/loop.c %D%/loop.h
libloop_la_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS)
libloop_la_LIBADD = $(UV_LIBS)
