bin_PROGRAMS += nodelink-defer
nodelink_defer_SOURCES = %D%/main.c
nodelink_defer_CFLAGS = $(AM_CFLAGS) $(NODELINK_PROG_CFLAGS)
nodelink_defer_LDFLAGS = $(AM_LDFLAGS) $(NODELINK_PROG_LDFLAGS)
nodelink_defer_LDADD = libbase.la
