pkglibexec_PROGRAMS += nodelink-uplink
nodelink_uplink_SOURCES = \
	%D%/credentials.c %D%/credentials.h \
	%D%/executors.c \
	%D%/group.c %D%/group.h \
	%D%/host.c %D%/host.h \
	%D%/internal.h \
	%D%/main.c \
	%D%/peers.c %D%/peers.h \
	%D%/sender.c %D%/sender.h \
	%D%/telling.c %D%/telling.h \
	%D%/uplink.c %D%/uplink.h
nodelink_uplink_CFLAGS = $(AM_CFLAGS) $(NODELINK_PROG_CFLAGS)
nodelink_uplink_LDFLAGS = $(AM_LDFLAGS) $(NODELINK_PROG_LDFLAGS)
nodelink_uplink_LDADD = $(rpc_libs) libwire.la libloop.la \
	libsandbox.la libbase.la
