noinst_LTLIBRARIES += libproc.la
libproc_la_SOURCES = \
	%D%/cgroup.c %D%/cgroup.h %D%/cgroup_internal.h \
	%D%/cgroup_host.c \
	%D%/cgroup_signal.c \
	%D%/child.c %D%/child.h \
	%D%/clone3.c %D%/clone3.h \
	%D%/group.c %D%/group.h \
	%D%/spawn.c %D%/spawn.h %D%/spawn_internal.h \
	%D%/spawn_child.c
