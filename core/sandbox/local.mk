noinst_LTLIBRARIES += libsandbox.la
libsandbox_la_SOURCES = \
	%D%/caps.c \
	%D%/filter.c \
	%D%/landlock.c \
	%D%/profile.h \
	%D%/profiles.c \
	%D%/sandbox.c %D%/sandbox.h \
	%D%/trap.c
libsandbox_la_CFLAGS = $(AM_CFLAGS) $(SECCOMP_CFLAGS) $(CAPNG_CFLAGS)
libsandbox_la_LIBADD = libbase.la $(SECCOMP_LIBS) $(CAPNG_LIBS)
