noinst_LTLIBRARIES += libapi.la
libapi_la_SOURCES = \
	%D%/access.c %D%/access.h \
	%D%/agents.c \
	%D%/api.h \
	%D%/asked.c \
	%D%/asker.c %D%/asker.h \
	%D%/body.c \
	%D%/cancel.c \
	%D%/cancel_how.c %D%/cancel_how.h \
	%D%/cancel_many.c \
	%D%/create.c \
	%D%/drain.c \
	%D%/enroll.c \
	%D%/filter.c %D%/filter.h \
	%D%/health.c \
	%D%/home.c \
	%D%/hooks.c %D%/hooks.h \
	%D%/internal.h \
	%D%/keys.c %D%/keys.h \
	%D%/limits.c %D%/limits.h \
	%D%/list.c \
	%D%/metrics.c %D%/metrics.h \
	%D%/openapi.c \
	%D%/options.c %D%/options.h \
	%D%/output.c \
	%D%/params.c %D%/params.h \
	%D%/routes.c \
	%D%/session.c %D%/session.h \
	%D%/sse.c %D%/sse.h \
	%D%/stream.c \
	%D%/task_json.c \
	%D%/task_json_end.c \
	%D%/task_webhooks.c %D%/task_webhooks.h \
	%D%/tokens.c \
	%D%/webhooks.c
libapi_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(NETTLE_CFLAGS)
libapi_la_LIBADD = $(NETTLE_LIBS)
