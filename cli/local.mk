# Everything but main() and the verbs, so that unit tests can have it.
noinst_LTLIBRARIES += libcli.la
libcli_la_SOURCES = \
	%D%/answer.c %D%/answer.h \
	%D%/common.c \
	%D%/context.c %D%/context.h \
	%D%/create.c %D%/create.h \
	%D%/drawing.c %D%/drawing.h \
	%D%/escape.c \
	%D%/facts.c %D%/facts.h \
	%D%/follow.c %D%/follow.h \
	%D%/headers.c %D%/headers.h \
	%D%/http.c %D%/http.h \
	%D%/http_ask.c \
	%D%/interrupt.c %D%/interrupt.h \
	%D%/lines.c %D%/lines.h \
	%D%/list.c %D%/list.h \
	%D%/look.c %D%/look.h \
	%D%/outcome.c %D%/outcome.h \
	%D%/output.c %D%/output.h \
	%D%/record.c %D%/record.h \
	%D%/sse.c %D%/sse.h \
	%D%/stop.c %D%/stop.h \
	%D%/table.c %D%/table.h \
	%D%/term.c %D%/term.h \
	%D%/text.c %D%/text.h \
	%D%/timeline.c %D%/timeline.h \
	%D%/verb.h \
	%D%/waiting.c %D%/waiting.h \
	%D%/when.c %D%/when.h
libcli_la_CFLAGS = $(AM_CFLAGS) $(NODELINK_PROG_CFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS) \
	$(NETTLE_CFLAGS)
libcli_la_LIBADD = $(CURL_LIBS) $(NETTLE_LIBS)

bin_PROGRAMS += nodelink
nodelink_SOURCES = \
	%D%/agents.c \
	%D%/attach.c %D%/attach.h \
	%D%/cancel.c %D%/cancel.h \
	%D%/cancel_away.c \
	%D%/cancel_each.c \
	%D%/cancel_ids.c \
	%D%/cancel_left.c \
	%D%/cancel_many.c \
	%D%/completion.c %D%/completion.h \
	%D%/completion_bash.c \
	%D%/completion_zsh.c \
	%D%/docker.c \
	%D%/drain.c \
	%D%/logs.c \
	%D%/main.c \
	%D%/plugins.c \
	%D%/ps.c \
	%D%/receipt.c \
	%D%/run.c \
	%D%/show.c \
	%D%/token.c \
	%D%/verbs.c \
	%D%/version.c \
	%D%/wait.c
nodelink_CFLAGS = $(libcli_la_CFLAGS)
nodelink_LDFLAGS = $(AM_LDFLAGS) $(NODELINK_PROG_LDFLAGS)
nodelink_LDADD = libcli.la libjson.la libconf.la libbase.la

bashcompdir = $(datadir)/bash-completion/completions
zshcompdir = $(datadir)/zsh/site-functions
dist_bashcomp_DATA = %D%/shell/nodelink
dist_zshcomp_DATA = %D%/shell/_nodelink
