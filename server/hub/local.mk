noinst_LTLIBRARIES += libhub.la
libhub_la_SOURCES = \
	%D%/acks.c \
	%D%/admit.c \
	%D%/agents.c \
	%D%/cancel.c \
	%D%/complain.c \
	%D%/count.c %D%/count.h \
	%D%/count_table.c \
	%D%/create.c \
	%D%/drain.c \
	%D%/hub.c \
	%D%/hub.h \
	%D%/internal.h \
	%D%/inventory.c \
	%D%/recover.c \
	%D%/report.c \
	%D%/tasks.c
