noinst_LTLIBRARIES += libcommands.la
libcommands_la_SOURCES = \
	%D%/agent.c \
	%D%/audit.c \
	%D%/ca.c \
	%D%/commands.c %D%/commands.h \
	%D%/token.c
