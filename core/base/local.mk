noinst_LTLIBRARIES += libbase.la
libbase_la_SOURCES = \
	%D%/arena.c %D%/arena.h \
	%D%/auto.h \
	%D%/buf.c %D%/buf.h \
	%D%/clock.c %D%/clock.h \
	%D%/dump.c %D%/dump.h \
	%D%/err.c %D%/err.h \
	%D%/fd.c %D%/fd.h \
	%D%/fnv.h \
	%D%/hash.h \
	%D%/id.c %D%/id.h \
	%D%/label.c %D%/label.h \
	%D%/limits.h \
	%D%/log.c %D%/log.h \
	%D%/notify.c %D%/notify.h \
	%D%/parse.c %D%/parse.h \
	%D%/pass.c %D%/pass.h \
	%D%/place.c %D%/place.h \
	%D%/rates.c %D%/rates.h \
	%D%/shares.c %D%/shares.h \
	%D%/trusted.c %D%/trusted.h \
	%D%/utf8.c %D%/utf8.h
