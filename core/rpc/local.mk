noinst_LTLIBRARIES += librpc.la
librpc_la_SOURCES = %D%/rpc.h
librpc_la_CFLAGS = $(AM_CFLAGS) $(GRPC_CFLAGS)
librpc_la_LIBADD = $(GRPC_LIBS)
