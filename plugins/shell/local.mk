plugin_LTLIBRARIES += plugins/shell.la
plugins_shell_la_SOURCES = %D%/shell.c
plugins_shell_la_LDFLAGS = $(plugin_ldflags)

dist_man_MANS += %D%/nodelink-plugin-shell.7
