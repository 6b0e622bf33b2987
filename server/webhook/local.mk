noinst_LTLIBRARIES += libwebhook.la
libwebhook_la_SOURCES = \
	%D%/event.c %D%/event.h \
	%D%/guard.c %D%/guard.h \
	%D%/internal.h \
	%D%/poster.c %D%/poster.h \
	%D%/retry.c %D%/retry.h \
	%D%/sending.c \
	%D%/sign.c %D%/sign.h \
	%D%/tell.c \
	%D%/url.c %D%/url.h \
	%D%/webhook.c %D%/webhook.h
libwebhook_la_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(NETTLE_CFLAGS)
libwebhook_la_LIBADD = $(CURL_LIBS) $(NETTLE_LIBS)
