# Plugins that tests load; -rpath makes libtool build modules of them.
test_plugin_ldflags = $(plugin_ldflags) -rpath /nowhere
check_LTLIBRARIES += tests/plugins/stubborn.la tests/plugins/hookless.la \
	tests/plugins/remote.la
tests_plugins_stubborn_la_SOURCES = %D%/stubborn.c
tests_plugins_stubborn_la_LDFLAGS = $(test_plugin_ldflags)
tests_plugins_hookless_la_SOURCES = %D%/hookless.c
tests_plugins_hookless_la_LDFLAGS = $(test_plugin_ldflags)
tests_plugins_remote_la_SOURCES = %D%/remote.c
tests_plugins_remote_la_LDFLAGS = $(test_plugin_ldflags)
