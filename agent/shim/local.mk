pkglibexec_PROGRAMS += nodelink-shim
nodelink_shim_SOURCES = \
	%D%/main.c
nodelink_shim_CFLAGS = $(AM_CFLAGS) $(NODELINK_PROG_CFLAGS)
nodelink_shim_LDFLAGS = $(AM_LDFLAGS) $(NODELINK_PROG_LDFLAGS)
nodelink_shim_LDADD = libproc.la libbase.la
