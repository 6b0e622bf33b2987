# Everything but main(), so that unit tests can have it.
noinst_LTLIBRARIES += libcli.la
libcli_la_SOURCES = \
	%D%/answer.c %D%/answer.h \
	%D%/common.c \
	%D%/context.c %D%/context.h \
	%D%/create.c %D%/create.h \
	%D%/escape.c \
	%D%/follow.c %D%/follow.h \
	%D%/http.c %D%/http.h \
	%D%/interrupt.c %D%/interrupt.h \
	%D%/outcome.c %D%/outcome.h \
	%D%/output.c %D%/output.h \
	%D%/sse.c %D%/sse.h \
	%D%/term.c %D%/term.h \
	%D%/verb.h
libcli_la_CFLAGS = $(AM_CFLAGS) $(NODELINK_PROG_CFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS) \
	$(NETTLE_CFLAGS)

bin_PROGRAMS += nodelink
nodelink_SOURCES = \
	%D%/attach.c %D%/attach.h \
	%D%/main.c \
	%D%/run.c \
	%D%/verbs.c \
	%D%/version.c
nodelink_CFLAGS = $(libcli_la_CFLAGS)
nodelink_LDFLAGS = $(AM_LDFLAGS) $(NODELINK_PROG_LDFLAGS)
nodelink_LDADD = libcli.la libjson.la libconf.la libbase.la $(CURL_LIBS) $(NETTLE_LIBS)
