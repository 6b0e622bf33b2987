sbin_PROGRAMS += nodelink-agent
nodelink_agent_SOURCES = \
	%D%/args.c %D%/args.h \
	%D%/credentials.c %D%/credentials.h \
	%D%/digest.c %D%/digest.h \
	%D%/executors.c %D%/executors.h \
	%D%/gone.c %D%/gone.h \
	%D%/main.c \
	%D%/monitor.c %D%/monitor.h \
	%D%/plugins.c %D%/plugins.h \
	%D%/policy.c %D%/policy.h \
	%D%/rundir.c %D%/rundir.h \
	%D%/running.c %D%/running.h \
	%D%/settings.c %D%/settings.h \
	%D%/shape.c %D%/shape.h \
	%D%/users.c %D%/users.h \
	%D%/words.c %D%/words.h \
	%D%/worker.c %D%/worker.h
nodelink_agent_CFLAGS = $(AM_CFLAGS) $(NODELINK_PROG_CFLAGS)
nodelink_agent_LDFLAGS = $(AM_LDFLAGS) $(NODELINK_PROG_LDFLAGS)
nodelink_agent_LDADD = libproc.la libconf.la libloop.la libsandbox.la \
	libbase.la

agentexampledir = $(docdir)/examples
dist_agentexample_DATA = %D%/nodelink-agent.conf
