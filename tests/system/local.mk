# The real programs, driven from outside: make check-system. Options for pytest
# in PYTESTFLAGS; Debian's own python, because pytest is its package.
PYTHON_SYSTEM = /usr/bin/python3
EXTRA_DIST += tests/tsan.supp %D%/harness.py %D%/conftest.py %D%/pytest.ini \
	%D%/test_01_start.py %D%/test_02_tasks.py %D%/test_03_output.py \
	%D%/test_04_cancel.py %D%/test_05_race.py %D%/test_06_input.py \
	%D%/test_07_agents.py %D%/test_08_disconnect.py %D%/test_09_idle.py \
	%D%/test_10_containment.py \
	%D%/dockerd.py %D%/test_15_docker.py %D%/test_16_engine.py \
	%D%/test_17_podman.py

check_PROGRAMS += %D%/helpers/mute-agent
%C%_helpers_mute_agent_SOURCES = %D%/helpers/mute-agent.c
%C%_helpers_mute_agent_LDADD = librpc.la libloop.la libbase.la $(UV_LIBS)

# Where the programs are; empty with NODELINK_PREFIX in the environment.
NODELINK_BUILD = $(abs_top_builddir)
check-system: all %D%/helpers/mute-agent$(EXEEXT) tests/unit/agent/adversary$(EXEEXT)
	NODELINK_BUILD='$(NODELINK_BUILD)' PYTHONDONTWRITEBYTECODE=1 \
	NODELINK_ADVERSARY='$(abs_top_builddir)/tests/unit/agent/adversary' \
	NODELINK_HELPERS='$(abs_top_builddir)/%D%/helpers' \
	$(PYTHON_SYSTEM) -m pytest -c $(srcdir)/%D%/pytest.ini \
		-p no:cacheprovider $(PYTESTFLAGS) $(srcdir)/%D%
.PHONY: check-system

# For scripts/test, which runs some of them under one sanitizer only.
print-unit-tests:
	@echo $(unit_tests)
.PHONY: print-unit-tests
