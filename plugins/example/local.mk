plugin_LTLIBRARIES += plugins/countdown.la
plugins_countdown_la_SOURCES = %D%/countdown.c
plugins_countdown_la_LDFLAGS = $(plugin_ldflags)

dist_man_MANS += %D%/nodelink-plugin-countdown.7
