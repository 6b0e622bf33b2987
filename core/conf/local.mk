noinst_LTLIBRARIES += libconf.la
libconf_la_SOURCES = %D%/conf.h
libconf_la_CFLAGS = $(AM_CFLAGS) $(INIH_CFLAGS)
libconf_la_LIBADD = $(INIH_LIBS)
