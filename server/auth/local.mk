noinst_LTLIBRARIES += libauth.la
libauth_la_SOURCES = \
	%D%/agents.c \
	%D%/auth.c %D%/auth.h \
	%D%/enrol.c \
	%D%/internal.h \
	%D%/json.c %D%/json.h \
	%D%/schema.c \
	%D%/secret.c %D%/secret.h \
	%D%/token_rows.c \
	%D%/tokens.c
libauth_la_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS) $(NETTLE_CFLAGS)
libauth_la_LIBADD = $(SQLITE_LIBS) $(NETTLE_LIBS)
