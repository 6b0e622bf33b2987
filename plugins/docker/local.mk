# Needs libcurl and jansson, so it is built only where they are wanted.
docker_sources = %D%/docker.h %D%/engine.c %D%/engine.h %D%/frames.c \
	%D%/frames.h %D%/looking.c %D%/making.c %D%/op.c %D%/output.c \
	%D%/output.h %D%/policy.c %D%/policy.h %D%/spec.c %D%/spec.h \
	%D%/state.c %D%/state.h %D%/streams.c %D%/sweep.c %D%/task.c \
	%D%/task.h %D%/verdict.c

if DOCKER
plugin_LTLIBRARIES += plugins/docker.la
plugins_docker_la_SOURCES = %D%/plugin.c $(docker_sources)
plugins_docker_la_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS)
plugins_docker_la_LDFLAGS = $(plugin_ldflags)
plugins_docker_la_LIBADD = $(CURL_LIBS) $(JANSSON_LIBS)

dist_man_MANS += %D%/nodelink-plugin-docker.7
endif
EXTRA_DIST += %D%/nodelink-plugin-docker.7
