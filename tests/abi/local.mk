check_PROGRAMS += tests/abi/print-layout
tests_abi_print_layout_SOURCES = %D%/print-layout.c

abi_tests = %D%/compile.sh %D%/layout.sh %D%/exports.sh %D%/describe.sh
TESTS += $(abi_tests)
dist_check_SCRIPTS += $(abi_tests)
EXTRA_DIST += %D%/layout-1.golden
