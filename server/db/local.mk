noinst_LTLIBRARIES += libdb.la
libdb_la_SOURCES = \
	%D%/calls.c \
	%D%/db.h \
	%D%/file.c
libdb_la_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
libdb_la_LIBADD = $(SQLITE_LIBS)
