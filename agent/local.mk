include agent/enroll/local.mk
include agent/shim/local.mk
include agent/defer/local.mk
include agent/monitor/local.mk
include agent/uplink/local.mk
include agent/executor/local.mk
