noinst_LTLIBRARIES += libhttp.la
libhttp_la_SOURCES = \
	%D%/check.c \
	%D%/connection.c \
	%D%/count.c \
	%D%/http.h \
	%D%/internal.h \
	%D%/reply.c \
	%D%/request.c \
	%D%/route.c \
	%D%/server.c \
	%D%/stream.c \
	%D%/tls.c %D%/tls.h
libhttp_la_CFLAGS = $(AM_CFLAGS) $(MHD_CFLAGS) $(GNUTLS_CFLAGS)
libhttp_la_LIBADD = $(MHD_LIBS) $(GNUTLS_LIBS)
