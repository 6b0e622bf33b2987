unit_tests += tests/unit/conf/test-conf tests/unit/conf/test-file
tests_unit_conf_test_conf_SOURCES = %D%/test-conf.c %D%/program.c %D%/program.h
tests_unit_conf_test_conf_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_conf_test_conf_LDADD = libconf.la libbase.la $(unit_libs)
tests_unit_conf_test_file_SOURCES = %D%/test-file.c %D%/program.c %D%/program.h
tests_unit_conf_test_file_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_conf_test_file_LDADD = libconf.la libbase.la $(unit_libs)
