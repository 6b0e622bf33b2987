noinst_LTLIBRARIES += libca.la
libca_la_SOURCES = \
	%D%/ca.c %D%/ca.h \
	%D%/cert.c \
	%D%/internal.h \
	%D%/issue.c
libca_la_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS)
libca_la_LIBADD = $(OPENSSL_LIBS)
