# C from the .proto files, made at build time, in a library of its own with
# warnings off. Only core/wire looks inside.
proto_files = %D%/nodelink/v1/agent.proto
EXTRA_DIST += $(proto_files) %D%/RULES.md

%D%/nodelink/v1/agent.pb-c.c: %D%/nodelink/v1/agent.proto
	$(AM_V_GEN)$(MKDIR_P) proto && $(PROTOC_C) --proto_path=$(srcdir)/proto \
		--c_out=proto $(srcdir)/proto/nodelink/v1/agent.proto
%D%/nodelink/v1/agent.pb-c.h: %D%/nodelink/v1/agent.pb-c.c

BUILT_SOURCES += %D%/nodelink/v1/agent.pb-c.h
CLEANFILES += %D%/nodelink/v1/agent.pb-c.c %D%/nodelink/v1/agent.pb-c.h

noinst_LTLIBRARIES += libproto.la
libproto_la_CFLAGS = $(PROTOBUF_C_CFLAGS) $(NODELINK_CFLAGS) -w
libproto_la_LIBADD = $(PROTOBUF_C_LIBS)
nodist_libproto_la_SOURCES = %D%/nodelink/v1/agent.pb-c.c %D%/nodelink/v1/agent.pb-c.h
libproto_la_SOURCES =
