# A plugin exports one symbol, needs little but libc, and stays loadable.
plugin_ldflags = $(AM_LDFLAGS) -module -avoid-version -shared -Wl,-z,defs
include plugins/shell/local.mk
include plugins/example/local.mk
include plugins/docker/local.mk
