# A plugin exports one symbol, needs little but libc, and stays loadable.
plugin_ldflags = $(AM_LDFLAGS) -module -avoid-version -shared
# (clang's sanitizers are in the program only.)
if !FUZZ
plugin_ldflags += -Wl,-z,defs
endif
include plugins/shell/local.mk
include plugins/example/local.mk
include plugins/docker/local.mk
