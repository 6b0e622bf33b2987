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

# What the HTTP API is, for programs: the server shows it. Made here from git; the
# tarball has it, so that its users need no python.
EXTRA_DIST += %D%/openapi.yaml %D%/openapi.py %D%/openapi.inc
%D%/openapi.inc: %D%/openapi.yaml %D%/openapi.py
	$(AM_V_GEN)$(MKDIR_P) proto && $(PYTHON_YAML) $(srcdir)/proto/openapi.py \
		$(srcdir)/proto/openapi.yaml >$@.new && mv $@.new $@

BUILT_SOURCES += %D%/openapi.inc
MAINTAINERCLEANFILES += %D%/openapi.inc
