noinst_LTLIBRARIES += libconf.la
libconf_la_SOURCES = \
	%D%/conf.c %D%/conf.h \
	%D%/file.c \
	%D%/flags.c \
	%D%/help.c \
	%D%/nearest.c \
	%D%/secret.c \
	%D%/settings.h \
	%D%/trusted.c \
	%D%/value.c
libconf_la_CFLAGS = $(AM_CFLAGS) $(INIH_CFLAGS)
libconf_la_LIBADD = $(INIH_LIBS)
