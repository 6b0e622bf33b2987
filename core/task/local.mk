noinst_LTLIBRARIES += libtask.la
libtask_la_SOURCES = \
	%D%/reason.c %D%/reason.h \
	%D%/state.c %D%/state.h

# For the manual; see tests/lint/drawing.sh.
check_PROGRAMS += core/task/draw
core_task_draw_SOURCES = %D%/draw.c
core_task_draw_LDADD = libtask.la libbase.la
