# Installed with --with-systemdsystemunitdir.
EXTRA_DIST += %D%/nodelink-agent.service.in %D%/nodelink-server.service.in %D%/nodelink-sysusers.conf
if WITH_SYSTEMD
systemdsystemunit_DATA = %D%/nodelink-agent.service %D%/nodelink-server.service
sysusersdir = $(prefix)/lib/sysusers.d
sysusers_DATA = %D%/nodelink-sysusers.conf
CLEANFILES += $(systemdsystemunit_DATA)
endif

%D%/nodelink-%.service: %D%/nodelink-%.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) %D% && $(SED) 's,@sbindir[@],$(sbindir),' $(srcdir)/%D%/nodelink-$*.service.in > $@.tmp && mv $@.tmp $@
