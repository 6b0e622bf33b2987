noinst_LTLIBRARIES += libproc.la
libproc_la_SOURCES = \
	%D%/cgroup.c %D%/cgroup.h \
	%D%/cgroup_base.c \
	%D%/cgroup_kill.c \
	%D%/cgroup_signal.c \
	%D%/child.c %D%/child.h \
	%D%/clone3.c %D%/clone3.h \
	%D%/contain.c %D%/contain.h %D%/contain_internal.h \
	%D%/contain_cgroup1.c \
	%D%/contain_cgroup2.c %D%/contain_cgroup2.h \
	%D%/contain_cgroup2_host.c \
	%D%/contain_group.c \
	%D%/contain_limit.c \
	%D%/contain_shim.c %D%/contain_shim.h \
	%D%/contain_shim_host.c \
	%D%/contain_shim_program.c \
	%D%/contain_shim_walk.c \
	%D%/contain_try.c \
	%D%/death.c %D%/death.h \
	%D%/group.c %D%/group.h \
	%D%/order.c %D%/order.h \
	%D%/procfs.c %D%/procfs.h \
	%D%/shim.c %D%/shim.h \
	%D%/spawn.c %D%/spawn.h %D%/spawn_internal.h \
	%D%/spawn_child.c \
	%D%/spawn_ns.c \
	%D%/tree.c %D%/tree.h \
	%D%/user.c %D%/user.h
