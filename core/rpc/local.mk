noinst_LTLIBRARIES += librpc.la
librpc_la_SOURCES = \
	%D%/accept.c %D%/accept.h \
	%D%/client.c \
	%D%/core.c %D%/core.h \
	%D%/crowd.c %D%/crowd.h \
	%D%/guard.c %D%/guard.h \
	%D%/listen.c %D%/listen.h \
	%D%/recv.c \
	%D%/rpc.h \
	%D%/send.c \
	%D%/server.c \
	%D%/sockets.c %D%/sockets.h \
	%D%/status.c \
	%D%/stream.c %D%/stream.h \
	%D%/tls.c
librpc_la_CFLAGS = $(AM_CFLAGS) $(GRPC_CFLAGS)
librpc_la_LIBADD = $(GRPC_LIBS)
# What a program needs that uses it; loop and base come behind.
rpc_libs = librpc.la libtls.la libconf.la
