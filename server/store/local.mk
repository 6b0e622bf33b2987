noinst_LTLIBRARIES += libstore.la
libstore_la_SOURCES = \
	%D%/filter.c \
	%D%/memory.c \
	%D%/store.h \
	%D%/task.c %D%/task.h \
	%D%/transcript.c %D%/transcript.h
