noinst_LTLIBRARIES += libaudit.la
libaudit_la_SOURCES = \
	%D%/audit.c %D%/audit.h \
	%D%/chain.c \
	%D%/internal.h \
	%D%/line.c \
	%D%/own.c \
	%D%/sync.c \
	%D%/tail.c \
	%D%/verify.c
libaudit_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(NETTLE_CFLAGS)
libaudit_la_LIBADD = $(NETTLE_LIBS)
