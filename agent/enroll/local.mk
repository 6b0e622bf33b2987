pkglibexec_PROGRAMS += nodelink-enroll
nodelink_enroll_SOURCES = \
	%D%/answer.c %D%/answer.h \
	%D%/ask.c %D%/ask.h \
	%D%/identity.c %D%/identity.h \
	%D%/main.c
nodelink_enroll_CFLAGS = $(AM_CFLAGS) $(NODELINK_PROG_CFLAGS) $(CURL_CFLAGS) \
	$(JANSSON_CFLAGS) $(OPENSSL_CFLAGS)
nodelink_enroll_LDFLAGS = $(AM_LDFLAGS) $(NODELINK_PROG_LDFLAGS)
nodelink_enroll_LDADD = libtls.la libjson.la libconf.la libsandbox.la \
	libbase.la $(CURL_LIBS)
