noinst_LTLIBRARIES += libproc.la
libproc_la_SOURCES = \
	%D%/cgroup.c %D%/cgroup.h \
	%D%/cgroup_base.c \
	%D%/cgroup_signal.c \
	%D%/child.c %D%/child.h \
	%D%/clone3.c %D%/clone3.h \
	%D%/contain.c %D%/contain.h %D%/contain_internal.h \
	%D%/contain_cgroup2.c %D%/contain_cgroup2.h \
	%D%/contain_cgroup2_host.c \
	%D%/contain_group.c \
	%D%/contain_try.c \
	%D%/group.c %D%/group.h \
	%D%/spawn.c %D%/spawn.h %D%/spawn_internal.h \
	%D%/spawn_child.c \
	%D%/user.c %D%/user.h
