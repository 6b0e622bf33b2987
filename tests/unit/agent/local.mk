check_LTLIBRARIES += librig.la
librig_la_SOURCES = %D%/rig.c %D%/rig.h
librig_la_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)

rig_libs = librig.la libexecutor.la $(unit_libs)

unit_tests += tests/unit/agent/test-executor-run
tests_unit_agent_test_executor_run_SOURCES = %D%/test-executor-run.c
tests_unit_agent_test_executor_run_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_run_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-cancel
tests_unit_agent_test_executor_cancel_SOURCES = %D%/test-executor-cancel.c
tests_unit_agent_test_executor_cancel_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_cancel_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-output
tests_unit_agent_test_executor_output_SOURCES = %D%/test-executor-output.c
tests_unit_agent_test_executor_output_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_output_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-remote
tests_unit_agent_test_executor_remote_SOURCES = %D%/test-executor-remote.c
tests_unit_agent_test_executor_remote_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_remote_LDADD = $(rig_libs)

# The same where there are no control groups.
unit_tests += tests/unit/agent/test-executor-run-group
tests_unit_agent_test_executor_run_group_SOURCES = %D%/test-executor-run.c
tests_unit_agent_test_executor_run_group_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_run_group_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-cancel-group
tests_unit_agent_test_executor_cancel_group_SOURCES = %D%/test-executor-cancel.c
tests_unit_agent_test_executor_cancel_group_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_cancel_group_LDADD = $(rig_libs)

check_PROGRAMS += tests/unit/agent/adversary
tests_unit_agent_adversary_SOURCES = %D%/adversary.c

unit_tests += tests/unit/agent/test-executor-contain
tests_unit_agent_test_executor_contain_SOURCES = %D%/test-executor-contain.c
tests_unit_agent_test_executor_contain_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_contain_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-contain-group
tests_unit_agent_test_executor_contain_group_SOURCES = %D%/test-executor-contain.c
tests_unit_agent_test_executor_contain_group_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_contain_group_LDADD = $(rig_libs)

# The uplink's logic over a stream made by the test: no gRPC is linked.
unit_tests += tests/unit/agent/test-uplink
tests_unit_agent_test_uplink_SOURCES = %D%/test-uplink.c %D%/fake-rpc.c %D%/fake-rpc.h \
	agent/uplink/peers.c agent/uplink/sender.c agent/uplink/telling.c agent/uplink/uplink.c
tests_unit_agent_test_uplink_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_uplink_LDADD = libwire.la libloop.la libbase.la $(unit_libs)

unit_tests += tests/unit/agent/test-monitor
tests_unit_agent_test_monitor_SOURCES = %D%/test-monitor.c \
	agent/monitor/args.c agent/monitor/plugins.c agent/monitor/rundir.c \
	agent/monitor/words.c agent/monitor/worker.c
tests_unit_agent_test_monitor_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_monitor_LDADD = libproc.la libloop.la libbase.la $(unit_libs)

unit_tests += tests/unit/agent/test-fields
tests_unit_agent_test_fields_SOURCES = %D%/test-fields.c
tests_unit_agent_test_fields_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_fields_LDADD = libexecutor.la $(unit_libs)

unit_tests += tests/unit/agent/test-plugin
tests_unit_agent_test_plugin_SOURCES = %D%/test-plugin.c
tests_unit_agent_test_plugin_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_plugin_LDADD = libexecutor.la $(unit_libs)
