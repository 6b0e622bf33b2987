noinst_LTLIBRARIES += libstore.la
libstore_la_SOURCES = \
	%D%/filter.c \
	%D%/internal.h \
	%D%/keep.h \
	%D%/letter.c %D%/letter.h \
	%D%/memory.c %D%/memory.h \
	%D%/memory_outbox.c \
	%D%/spool.c \
	%D%/sqlite.c %D%/sqlite.h \
	%D%/sqlite_agents.c \
	%D%/sqlite_batch.c \
	%D%/sqlite_linger.c \
	%D%/sqlite_open.c \
	%D%/sqlite_outbox.c \
	%D%/sqlite_pages.c \
	%D%/sqlite_read.c \
	%D%/sqlite_row.c \
	%D%/sqlite_schema.c %D%/sqlite_schema.h \
	%D%/sqlite_sweep.c \
	%D%/sqlite_writer.c \
	%D%/store.c %D%/store.h \
	%D%/task.c %D%/task.h \
	%D%/transcript.c %D%/transcript.h
libstore_la_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS) $(NETTLE_CFLAGS)
libstore_la_LIBADD = $(NETTLE_LIBS)
