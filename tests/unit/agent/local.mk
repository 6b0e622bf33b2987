check_LTLIBRARIES += librig.la
librig_la_SOURCES = %D%/rig.c %D%/rig.h %D%/hooks-rig.c %D%/hooks-rig.h
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

unit_tests += tests/unit/agent/test-executor-spool
tests_unit_agent_test_executor_spool_SOURCES = %D%/test-executor-spool.c
tests_unit_agent_test_executor_spool_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_spool_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-remote
tests_unit_agent_test_executor_remote_SOURCES = %D%/test-executor-remote.c
tests_unit_agent_test_executor_remote_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_remote_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-hooks
tests_unit_agent_test_executor_hooks_SOURCES = %D%/test-executor-hooks.c
tests_unit_agent_test_executor_hooks_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_hooks_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-hooks-group
tests_unit_agent_test_executor_hooks_group_SOURCES = %D%/test-executor-hooks.c
tests_unit_agent_test_executor_hooks_group_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_hooks_group_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-stop
tests_unit_agent_test_executor_stop_SOURCES = %D%/test-executor-stop.c
tests_unit_agent_test_executor_stop_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_stop_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-restart
tests_unit_agent_test_executor_restart_SOURCES = %D%/test-executor-restart.c
tests_unit_agent_test_executor_restart_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_restart_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-defers
tests_unit_agent_test_defers_SOURCES = %D%/test-defers.c
tests_unit_agent_test_defers_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_defers_LDADD = libexecutor.la $(unit_libs)

# The same where there are no control groups.
unit_tests += tests/unit/agent/test-executor-run-group
tests_unit_agent_test_executor_run_group_SOURCES = %D%/test-executor-run.c
tests_unit_agent_test_executor_run_group_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_run_group_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-cancel-group
tests_unit_agent_test_executor_cancel_group_SOURCES = %D%/test-executor-cancel.c
tests_unit_agent_test_executor_cancel_group_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_cancel_group_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-contain
tests_unit_agent_test_executor_contain_SOURCES = %D%/test-executor-contain.c
tests_unit_agent_test_executor_contain_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_contain_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-contain-group
tests_unit_agent_test_executor_contain_group_SOURCES = %D%/test-executor-contain.c
tests_unit_agent_test_executor_contain_group_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_contain_group_LDADD = $(rig_libs)

# And on the rungs that are not the best here.
unit_tests += tests/unit/agent/test-executor-contain-cgroup2-freeze
tests_unit_agent_test_executor_contain_cgroup2_freeze_SOURCES = %D%/test-executor-contain.c
tests_unit_agent_test_executor_contain_cgroup2_freeze_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_contain_cgroup2_freeze_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-contain-cgroup1
tests_unit_agent_test_executor_contain_cgroup1_SOURCES = %D%/test-executor-contain.c
tests_unit_agent_test_executor_contain_cgroup1_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_contain_cgroup1_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-cancel-cgroup2-freeze
tests_unit_agent_test_executor_cancel_cgroup2_freeze_SOURCES = %D%/test-executor-cancel.c
tests_unit_agent_test_executor_cancel_cgroup2_freeze_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_cancel_cgroup2_freeze_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-cancel-cgroup1
tests_unit_agent_test_executor_cancel_cgroup1_SOURCES = %D%/test-executor-cancel.c
tests_unit_agent_test_executor_cancel_cgroup1_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_cancel_cgroup1_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-arguments
tests_unit_agent_test_arguments_SOURCES = %D%/test-arguments.c
tests_unit_agent_test_arguments_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_arguments_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-limits
tests_unit_agent_test_executor_limits_SOURCES = %D%/test-executor-limits.c
tests_unit_agent_test_executor_limits_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_limits_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-limits-cgroup1
tests_unit_agent_test_executor_limits_cgroup1_SOURCES = %D%/test-executor-limits.c
tests_unit_agent_test_executor_limits_cgroup1_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_limits_cgroup1_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-limits-group
tests_unit_agent_test_executor_limits_group_SOURCES = %D%/test-executor-limits.c
tests_unit_agent_test_executor_limits_group_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_limits_group_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-policy
tests_unit_agent_test_executor_policy_SOURCES = %D%/test-executor-policy.c
tests_unit_agent_test_executor_policy_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_policy_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-flood
tests_unit_agent_test_executor_flood_SOURCES = %D%/test-executor-flood.c
tests_unit_agent_test_executor_flood_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_flood_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-policy-group
tests_unit_agent_test_executor_policy_group_SOURCES = %D%/test-executor-policy.c
tests_unit_agent_test_executor_policy_group_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_policy_group_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-policy-subreaper
tests_unit_agent_test_executor_policy_subreaper_SOURCES = %D%/test-executor-policy.c
tests_unit_agent_test_executor_policy_subreaper_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_policy_subreaper_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-traced
tests_unit_agent_test_executor_traced_SOURCES = %D%/test-executor-traced.c
tests_unit_agent_test_executor_traced_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_traced_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-traced-group
tests_unit_agent_test_executor_traced_group_SOURCES = %D%/test-executor-traced.c
tests_unit_agent_test_executor_traced_group_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_traced_group_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-stuck
tests_unit_agent_test_executor_stuck_SOURCES = %D%/test-executor-stuck.c
tests_unit_agent_test_executor_stuck_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_stuck_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-stuck-group
tests_unit_agent_test_executor_stuck_group_SOURCES = %D%/test-executor-stuck.c
tests_unit_agent_test_executor_stuck_group_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_stuck_group_LDADD = $(rig_libs)
unit_tests += tests/unit/agent/test-listen
tests_unit_agent_test_listen_SOURCES = %D%/test-listen.c
tests_unit_agent_test_listen_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_listen_LDADD = $(rig_libs)

# The uplink's logic over a stream made by the test: no gRPC is linked.
unit_tests += tests/unit/agent/test-uplink
uplink_rig = %D%/uplink-rig.c %D%/uplink-rig.h %D%/fake-rpc.c %D%/fake-rpc.h \
	agent/uplink/credentials.c agent/uplink/executors.c agent/uplink/group.c agent/uplink/host.c agent/uplink/peers.c agent/uplink/sender.c agent/uplink/telling.c agent/uplink/uplink.c
tests_unit_agent_test_uplink_SOURCES = %D%/test-uplink.c $(uplink_rig)
tests_unit_agent_test_uplink_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_uplink_LDADD = libwire.la libtls.la libconf.la libloop.la libbase.la $(unit_libs)
unit_tests += tests/unit/agent/test-uplink-group
tests_unit_agent_test_uplink_group_SOURCES = %D%/test-uplink-group.c $(uplink_rig)
tests_unit_agent_test_uplink_group_CFLAGS = $(tests_unit_agent_test_uplink_CFLAGS)
tests_unit_agent_test_uplink_group_LDADD = $(tests_unit_agent_test_uplink_LDADD)

unit_tests += tests/unit/agent/test-credentials
tests_unit_agent_test_credentials_SOURCES = %D%/test-credentials.c %D%/fake-rpc.c \
	%D%/fake-rpc.h agent/uplink/credentials.c
tests_unit_agent_test_credentials_CFLAGS = $(tests_unit_agent_test_uplink_CFLAGS)
tests_unit_agent_test_credentials_LDADD = $(tests_unit_agent_test_uplink_LDADD)

unit_tests += tests/unit/agent/test-monitor
tests_unit_agent_test_monitor_SOURCES = %D%/test-monitor.c \
	agent/monitor/args.c agent/monitor/plugins.c agent/monitor/rundir.c \
	agent/monitor/running.c \
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

unit_tests += tests/unit/agent/test-executor-contain-pidns
tests_unit_agent_test_executor_contain_pidns_SOURCES = %D%/test-executor-contain.c
tests_unit_agent_test_executor_contain_pidns_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_contain_pidns_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-contain-subreaper
tests_unit_agent_test_executor_contain_subreaper_SOURCES = %D%/test-executor-contain.c
tests_unit_agent_test_executor_contain_subreaper_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_contain_subreaper_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-cancel-pidns
tests_unit_agent_test_executor_cancel_pidns_SOURCES = %D%/test-executor-cancel.c
tests_unit_agent_test_executor_cancel_pidns_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_cancel_pidns_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-executor-cancel-subreaper
tests_unit_agent_test_executor_cancel_subreaper_SOURCES = %D%/test-executor-cancel.c
tests_unit_agent_test_executor_cancel_subreaper_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_executor_cancel_subreaper_LDADD = $(rig_libs)

unit_tests += tests/unit/agent/test-profile
tests_unit_agent_test_profile_SOURCES = %D%/test-profile.c
tests_unit_agent_test_profile_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(JANSSON_CFLAGS) $(SECCOMP_CFLAGS)
tests_unit_agent_test_profile_LDADD = libexecutor.la $(unit_libs) $(JANSSON_LIBS) $(SECCOMP_LIBS)

unit_tests += tests/unit/agent/test-digest
tests_unit_agent_test_digest_SOURCES = %D%/test-digest.c \
	agent/monitor/args.c agent/monitor/digest.c
tests_unit_agent_test_digest_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_agent_test_digest_LDADD = libproc.la libsandbox.la libbase.la $(unit_libs)
