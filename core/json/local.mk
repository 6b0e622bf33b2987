noinst_LTLIBRARIES += libjson.la
libjson_la_SOURCES =
libjson_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
libjson_la_LIBADD = $(JANSSON_LIBS)
