# The measuring instruments: built by "make bench", never installed, asserted
# in no test. bench/run uses them.
bench_programs = bench/emit bench/raw bench/load bench/cancel bench/hold \
	bench/watch bench/sim-agents bench/contain bench/durable
EXTRA_PROGRAMS += $(bench_programs)
EXTRA_DIST += %D%/run %D%/README.md %D%/RESULTS.md $(bench_python)

bench_python = %D%/command.py %D%/docker.py %D%/measures.py %D%/report.py %D%/system.py

bench_http = %D%/http.c %D%/http.h %D%/client.c %D%/client.h
bench_sse = %D%/sse.c %D%/sse.h %D%/sum.c %D%/sum.h
bench_sample = %D%/sample.c %D%/sample.h

bench_emit_SOURCES = %D%/emit.c
bench_emit_LDADD = libbase.la

bench_raw_SOURCES = %D%/raw.c %D%/sum.c %D%/sum.h $(bench_sample)
bench_raw_LDADD = libbase.la

bench_load_SOURCES = %D%/load.c $(bench_http) $(bench_sse) $(bench_sample)
bench_load_LDADD = libbase.la

bench_cancel_SOURCES = %D%/cancel.c $(bench_http) $(bench_sample)
bench_cancel_LDADD = libbase.la

bench_contain_SOURCES = %D%/contain.c $(bench_sample)
bench_contain_LDADD = libwire.la libloop.la libbase.la

bench_hold_SOURCES = %D%/hold.c $(bench_http)
bench_hold_LDADD = libbase.la

bench_watch_SOURCES = %D%/watch.c $(bench_http) $(bench_sse)
bench_watch_LDADD = libbase.la

bench_durable_SOURCES = %D%/durable.c $(bench_http) $(bench_sse)
bench_durable_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
bench_durable_LDADD = libbase.la $(SQLITE_LIBS)

bench_sim_agents_SOURCES = %D%/sim-agents.c
bench_sim_agents_LDADD = $(rpc_libs) libwire.la libloop.la libbase.la

.PHONY: bench
bench: all # which is a make of its own, so the rest must wait for it
	@$(MAKE) $(AM_MAKEFLAGS) $(bench_programs) \
		tests/system/helpers/adversary$(EXEEXT)
	@echo "Now: $(srcdir)/bench/run --build $(abs_builddir)"
CLEANFILES += $(bench_programs)
