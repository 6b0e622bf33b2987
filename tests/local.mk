include tests/plugins/local.mk
include tests/unit/local.mk
include tests/fuzz/local.mk
include tests/lint/local.mk
include tests/abi/local.mk
include tests/system/local.mk
