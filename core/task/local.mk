noinst_LTLIBRARIES += libtask.la
libtask_la_SOURCES = \
	%D%/reason.c %D%/reason.h \
	%D%/state.c %D%/state.h
