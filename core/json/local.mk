noinst_LTLIBRARIES += libjson.la
libjson_la_SOURCES = \
	%D%/emit.c %D%/emit.h \
	%D%/escape.c %D%/escape.h \
	%D%/json.c %D%/json.h
libjson_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
libjson_la_LIBADD = $(JANSSON_LIBS)
