# Not with --without-systemdsystemunitdir. systemd looks below /usr and /usr/local.
EXTRA_DIST += %D%/nodelink-agent.service.in %D%/nodelink-server.service.in \
	%D%/nodelink.conf
if WITH_SYSTEMD
sysusersdir = $(prefix)/lib/sysusers.d
sysusers_DATA = %D%/nodelink.conf
systemdsystemunit_DATA = %D%/nodelink-agent.service %D%/nodelink-server.service
CLEANFILES += $(systemdsystemunit_DATA)
endif

%D%/nodelink-%.service: %D%/nodelink-%.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) %D% && $(SED) 's,@sbindir[@],$(sbindir),' $(srcdir)/%D%/nodelink-$*.service.in > $@.tmp && mv $@.tmp $@
