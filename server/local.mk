sbin_PROGRAMS += nodelink-server
nodelink_server_SOURCES = \
	%D%/certs.c %D%/certs.h \
	%D%/confine.c %D%/confine.h \
	%D%/fit.c \
	%D%/items.c \
	%D%/main.c \
	%D%/ready.c %D%/ready.h \
	%D%/secure.c %D%/secure.h \
	%D%/settings.c %D%/settings.h
nodelink_server_CFLAGS = $(AM_CFLAGS) $(NODELINK_PROG_CFLAGS)
nodelink_server_LDFLAGS = $(AM_LDFLAGS) $(NODELINK_PROG_LDFLAGS)
nodelink_server_LDADD = libapi.la libcommands.la libhub.la libwebhook.la libauth.la libca.la \
	libstore.la libdb.la libhttp.la libmetrics.la libaudit.la $(rpc_libs) libtask.la libwire.la \
	libjson.la libconf.la libloop.la libsandbox.la libbase.la

include server/metrics/local.mk
include server/audit/local.mk
include server/ca/local.mk
include server/http/local.mk
include server/db/local.mk
include server/auth/local.mk
include server/commands/local.mk
include server/store/local.mk
include server/webhook/local.mk
include server/hub/local.mk
include server/api/local.mk
