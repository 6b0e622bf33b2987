noinst_LTLIBRARIES += libwire.la
libwire_la_SOURCES = \
	%D%/batch.c %D%/batch.h \
	%D%/convert.h \
	%D%/frame.c %D%/frame.h \
	%D%/intake.c %D%/intake.h \
	%D%/inventory.c \
	%D%/link.c %D%/link.h \
	%D%/msg.c %D%/msg.h \
	%D%/options.c \
	%D%/queue.c %D%/queue.h \
	%D%/request.c %D%/response.c %D%/result.c
libwire_la_CFLAGS = $(AM_CFLAGS) $(PROTOBUF_C_CFLAGS)
libwire_la_LIBADD = libproto.la
