# The real programs, driven from outside: make check-system. Options for pytest
# in PYTESTFLAGS; Debian's own python, because pytest is its package.
PYTHON_SYSTEM = /usr/bin/python3
EXTRA_DIST += tests/tsan.supp \
	%D%/alerts.yml \
	%D%/agents.py \
	%D%/command.py \
	%D%/conftest.py \
	%D%/contain.py \
	%D%/dockerd.py \
	%D%/fresh.py \
	%D%/guarded.py \
	%D%/harness.py \
	%D%/netns.py \
	%D%/openapi.py \
	%D%/oracle.py \
	%D%/pytest.ini \
	%D%/receiver.py \
	%D%/servers.py \
	%D%/stub.py \
	%D%/test_01_start.py \
	%D%/test_02_tasks.py \
	%D%/test_03_output.py \
	%D%/test_04_cancel.py \
	%D%/test_05_race.py \
	%D%/test_06_input.py \
	%D%/test_07_agents.py \
	%D%/test_08_disconnect.py \
	%D%/test_09_idle.py \
	%D%/test_10_containment.py \
	%D%/test_10_stress.py \
	%D%/test_11_bulk.py \
	%D%/test_12_users.py \
	%D%/test_13_hooks.py \
	%D%/test_14_durable.py \
	%D%/test_15_docker.py \
	%D%/test_16_engine.py \
	%D%/test_17_podman.py \
	%D%/test_18_roulette.py \
	%D%/test_19_partition.py \
	%D%/test_20_tokens.py \
	%D%/test_21_access.py \
	%D%/test_22_tls.py \
	%D%/test_23_sandbox.py \
	%D%/test_24_policy.py \
	%D%/test_25_bad_server.py \
	%D%/test_26_audit.py \
	%D%/test_27_abuse.py \
	%D%/test_28_bad_agent.py \
	%D%/test_29_cancel.py \
	%D%/test_29_cli.py \
	%D%/test_29_contexts.py \
	%D%/test_29_logs.py \
	%D%/test_29_signals.py \
	%D%/test_30_completion.py \
	%D%/test_30_verbs.py \
	%D%/test_31_document.py \
	%D%/test_31_fields.py \
	%D%/test_31_openapi.py \
	%D%/test_32_metrics.py \
	%D%/test_33_webhooks.py \
	%D%/test_34_typescript.py \
	%D%/test_35_node.py \
	%D%/test_36_manual.py \
	%D%/test_37_security_page.py \
	%D%/web1.py

system_helpers = %D%/helpers/mute-agent %D%/helpers/whoami
check_PROGRAMS += $(system_helpers)

%C%_helpers_mute_agent_SOURCES = %D%/helpers/mute-agent.c
%C%_helpers_mute_agent_LDADD = $(rpc_libs) libloop.la libbase.la $(UV_LIBS)

%C%_helpers_whoami_SOURCES = %D%/helpers/whoami.c

# A task that wants to survive; unit tests use it, too.
system_helpers += %D%/helpers/adversary
%C%_helpers_adversary_SOURCES = %D%/helpers/adversary.c %D%/helpers/adversary.h \
	%D%/helpers/adversary-groups.c

# Where the programs are; empty with NODELINK_PREFIX in the environment.
NODELINK_BUILD = $(abs_top_builddir)
check-system: all $(system_helpers)
	NODELINK_BUILD='$(NODELINK_BUILD)' PYTHONDONTWRITEBYTECODE=1 \
	NODELINK_HELPERS='$(abs_top_builddir)/%D%/helpers' \
	$(PYTHON_SYSTEM) -m pytest -c $(srcdir)/%D%/pytest.ini \
		-p no:cacheprovider $(PYTESTFLAGS) $(srcdir)/%D%
.PHONY: check-system

# For scripts/test, which runs some of them under one sanitizer only.
print-unit-tests:
	@echo $(unit_tests)
.PHONY: print-unit-tests
