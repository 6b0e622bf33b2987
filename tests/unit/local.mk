# One program per source file, at the path that mirrors it; each adds itself:
#   check_PROGRAMS += tests/unit/base/test-buf
#   tests_unit_base_test_buf_SOURCES = %D%/base/test-buf.c
#   tests_unit_base_test_buf_LDADD = libbase.la $(unit_libs)
unit_libs = libunit.la $(CHECK_LIBS)
TESTS += $(unit_tests)
check_PROGRAMS += $(unit_tests)
unit_tests =

check_LTLIBRARIES += libunit.la
libunit_la_SOURCES = %D%/certs.c %D%/certs.h %D%/ear.c %D%/ear.h %D%/unit.c %D%/unit.h
libunit_la_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)

include tests/unit/base/local.mk
include tests/unit/loop/local.mk
include tests/unit/conf/local.mk
include tests/unit/json/local.mk
include tests/unit/sandbox/local.mk
include tests/unit/wire/local.mk
include tests/unit/proc/local.mk
include tests/unit/task/local.mk
include tests/unit/tls/local.mk
include tests/unit/rpc/local.mk
include tests/unit/agent/local.mk
include tests/unit/docker/local.mk
include tests/unit/cli/local.mk
include tests/unit/server/local.mk
