noinst_LTLIBRARIES += libloop.la
libloop_la_SOURCES = %D%/internal.h %D%/loop.c %D%/loop.h %D%/timer.c
libloop_la_CFLAGS = $(AM_CFLAGS) $(UV_CFLAGS)
libloop_la_LIBADD = $(UV_LIBS)
