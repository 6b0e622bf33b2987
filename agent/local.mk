include agent/monitor/local.mk
include agent/uplink/local.mk
include agent/executor/local.mk
