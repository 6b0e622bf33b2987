# All but main(), for the tests as well.
noinst_LTLIBRARIES += libexecutor.la
libexecutor_la_SOURCES = \
	%D%/abandoned.c %D%/abandoned.h \
	%D%/arguments.c %D%/arguments.h \
	%D%/cancel.c \
	%D%/child.c \
	%D%/defers.c %D%/defers.h \
	%D%/describe.c \
	%D%/end.c %D%/end.h \
	%D%/env.c %D%/env.h \
	%D%/executor.c %D%/executor.h \
	%D%/fields.c %D%/fields.h \
	%D%/handles.c \
	%D%/hold.c %D%/hold.h %D%/hold_internal.h \
	%D%/holds.c \
	%D%/hook.c %D%/hook.h \
	%D%/hooks.c %D%/hooks.h %D%/hooks_internal.h \
	%D%/hooks_given.c \
	%D%/hooks_record.c \
	%D%/host.c \
	%D%/keep.c %D%/keep.h \
	%D%/launch.c \
	%D%/leftovers.c %D%/leftovers.h \
	%D%/limits.c %D%/limits.h \
	%D%/listen.c %D%/listen.h \
	%D%/orphans.c %D%/orphans.h \
	%D%/outbox.c %D%/outbox.h \
	%D%/output.c \
	%D%/plugin.c %D%/plugin.h \
	%D%/policy.c %D%/policy.h \
	%D%/profile.c %D%/profile.h \
	%D%/profile_rule.c \
	%D%/profile_run.c \
	%D%/receipt.c \
	%D%/remains.c %D%/remains.h \
	%D%/scratch.c %D%/scratch.h \
	%D%/seccomp.c %D%/seccomp.h \
	%D%/session.c \
	%D%/starts.c %D%/starts.h \
	%D%/start.c \
	%D%/spare.c %D%/spare.h \
	%D%/spool.c %D%/spool.h \
	%D%/sweep.c %D%/sweep.h \
	%D%/task.c %D%/task.h \
	%D%/text.h \
	%D%/tombs.c %D%/tombs.h \
	%D%/turns.c %D%/turns.h \
	%D%/users.c %D%/users.h \
	%D%/watchdog.c %D%/watchdog.h
libexecutor_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(SECCOMP_CFLAGS)
libexecutor_la_LIBADD = libconf.la libjson.la libwire.la libproc.la libtask.la \
	libloop.la libbase.la $(SECCOMP_LIBS)

pkglibexec_PROGRAMS += nodelink-executor
nodelink_executor_SOURCES = %D%/main.c
nodelink_executor_CFLAGS = $(AM_CFLAGS) $(NODELINK_PROG_CFLAGS)
nodelink_executor_LDFLAGS = $(AM_LDFLAGS) $(NODELINK_PROG_LDFLAGS)
nodelink_executor_LDADD = libexecutor.la
