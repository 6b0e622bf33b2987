noinst_LTLIBRARIES += libproc.la
libproc_la_SOURCES = \
	%D%/child.c %D%/child.h \
	%D%/group.c %D%/group.h \
	%D%/spawn.c %D%/spawn.h
