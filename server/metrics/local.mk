noinst_LTLIBRARIES += libmetrics.la
libmetrics_la_SOURCES = \
	%D%/internal.h \
	%D%/metrics.c %D%/metrics.h \
	%D%/process.c %D%/process.h \
	%D%/text.c
