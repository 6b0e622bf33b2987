include core/base/local.mk
include core/loop/local.mk
include core/conf/local.mk
include core/json/local.mk
include core/wire/local.mk
include core/proc/local.mk
include core/task/local.mk
include core/rpc/local.mk
