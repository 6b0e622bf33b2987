noinst_LTLIBRARIES += libtls.la
libtls_la_SOURCES = \
	%D%/check.c \
	%D%/expiry.c \
	%D%/files.c \
	%D%/folder.c %D%/folder.h \
	%D%/openssl.c %D%/openssl.h \
	%D%/tls.h
libtls_la_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS)
libtls_la_LIBADD = $(OPENSSL_LIBS)
