# Fuzz targets (HACKING.md, "Fuzz"). A program of libFuzzer with --enable-fuzz;
# else its corpus is replayed by make check.
EXTRA_DIST += %D%/corpus
fuzz_targets =
fuzz_libs = libfuzz.la

check_LTLIBRARIES += libfuzz.la
libfuzz_la_SOURCES = %D%/fuzz.c %D%/fuzz.h
if FUZZ
noinst_PROGRAMS += $(fuzz_targets)
fuzz_ldflags = $(AM_LDFLAGS) -fsanitize=fuzzer
else
check_PROGRAMS += $(fuzz_targets)
TESTS += $(fuzz_targets)
libfuzz_la_SOURCES += %D%/replay.c
fuzz_ldflags = $(AM_LDFLAGS)
endif

fuzz_targets += %D%/fuzz-parse
%C%_fuzz_parse_SOURCES = %D%/fuzz-parse.c
%C%_fuzz_parse_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_parse_LDADD = $(fuzz_libs) libbase.la

fuzz_targets += %D%/fuzz-json
%C%_fuzz_json_SOURCES = %D%/fuzz-json.c
%C%_fuzz_json_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
%C%_fuzz_json_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_json_LDADD = $(fuzz_libs) libjson.la libbase.la $(JANSSON_LIBS)

fuzz_targets += %D%/fuzz-conf
%C%_fuzz_conf_SOURCES = %D%/fuzz-conf.c
%C%_fuzz_conf_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_conf_LDADD = $(fuzz_libs) libconf.la libbase.la

fuzz_targets += %D%/fuzz-webhook
%C%_fuzz_webhook_SOURCES = %D%/fuzz-webhook.c
%C%_fuzz_webhook_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_webhook_LDADD = $(fuzz_libs) libwebhook.la libstore.la libdb.la libmetrics.la libtask.la \
	libwire.la libjson.la libconf.la libloop.la libbase.la

fuzz_targets += %D%/fuzz-events
%C%_fuzz_events_SOURCES = %D%/fuzz-events.c
%C%_fuzz_events_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_events_LDADD = $(fuzz_libs) libcli.la libbase.la

# The verbs of nodelink that show what they are told, without a network.
fuzz_targets += %D%/fuzz-cli
%C%_fuzz_cli_SOURCES = %D%/fuzz-cli.c %D%/fake-http.c %D%/fake-http.h \
	cli/agents.c cli/drain.c cli/plugins.c cli/ps.c cli/receipt.c cli/show.c cli/token.c cli/version.c
%C%_fuzz_cli_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(JANSSON_CFLAGS)
%C%_fuzz_cli_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_cli_LDADD = $(fuzz_libs) libcli.la libjson.la libconf.la libbase.la $(CURL_LIBS) $(JANSSON_LIBS)

# What somebody may have written into files of ours.
fuzz_targets += %D%/fuzz-audit
%C%_fuzz_audit_SOURCES = %D%/fuzz-audit.c
%C%_fuzz_audit_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_audit_LDADD = $(fuzz_libs) libaudit.la libjson.la libloop.la libbase.la

# What travels between server and agents.
fuzz_targets += %D%/fuzz-batch
%C%_fuzz_batch_SOURCES = %D%/fuzz-batch.c
%C%_fuzz_batch_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_batch_LDADD = $(fuzz_libs) libwire.la libbase.la

fuzz_targets += %D%/fuzz-frame
%C%_fuzz_frame_SOURCES = %D%/fuzz-frame.c
%C%_fuzz_frame_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_frame_LDADD = $(fuzz_libs) libwire.la libbase.la

fuzz_targets += %D%/fuzz-request
%C%_fuzz_request_SOURCES = %D%/fuzz-request.c %D%/wire-again.c %D%/wire-again.h
%C%_fuzz_request_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_request_LDADD = $(fuzz_libs) libexecutor.la

fuzz_targets += %D%/fuzz-response
%C%_fuzz_response_SOURCES = %D%/fuzz-response.c %D%/wire-again.c %D%/wire-again.h
%C%_fuzz_response_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_response_LDADD = $(fuzz_libs) libwire.la libbase.la

# A whole server, but for the network to its agents.
fuzz_rig = %D%/rig.c %D%/rig.h %D%/fake-rpc.c %D%/fake-rpc.h
fuzz_rig_libs = $(fuzz_libs) libapi.la libwebhook.la libca.la libtls.la libconf.la libhub.la libauth.la libstore.la libdb.la \
	libhttp.la libmetrics.la libaudit.la libtask.la libwire.la libjson.la libloop.la libbase.la

fuzz_targets += %D%/fuzz-hub
%C%_fuzz_hub_SOURCES = %D%/fuzz-hub.c $(fuzz_rig)
%C%_fuzz_hub_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_hub_LDADD = $(fuzz_rig_libs)

fuzz_targets += %D%/fuzz-http
%C%_fuzz_http_SOURCES = %D%/fuzz-http.c %D%/ask.c %D%/ask.h $(fuzz_rig)
%C%_fuzz_http_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
%C%_fuzz_http_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_http_LDADD = $(fuzz_rig_libs) $(JANSSON_LIBS)

fuzz_targets += %D%/fuzz-api
%C%_fuzz_api_SOURCES = %D%/fuzz-api.c %D%/ask.c %D%/ask.h $(fuzz_rig)
%C%_fuzz_api_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
%C%_fuzz_api_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_api_LDADD = $(fuzz_rig_libs) $(JANSSON_LIBS)

fuzz_targets += %D%/fuzz-login
%C%_fuzz_login_SOURCES = %D%/fuzz-login.c %D%/ask.c %D%/ask.h $(fuzz_rig)
%C%_fuzz_login_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
%C%_fuzz_login_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_login_LDADD = $(fuzz_rig_libs) $(JANSSON_LIBS)

fuzz_targets += %D%/fuzz-accept
%C%_fuzz_accept_SOURCES = %D%/fuzz-accept.c
%C%_fuzz_accept_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_accept_LDADD = $(fuzz_rig_libs)

fuzz_targets += %D%/fuzz-csr
%C%_fuzz_csr_SOURCES = %D%/fuzz-csr.c %D%/pem.c %D%/pem.h
%C%_fuzz_csr_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS)
%C%_fuzz_csr_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_csr_LDADD = $(fuzz_libs) libca.la libtls.la libconf.la libbase.la $(OPENSSL_LIBS)

fuzz_targets += %D%/fuzz-enroll
%C%_fuzz_enroll_SOURCES = %D%/fuzz-enroll.c %D%/pem.c %D%/pem.h agent/enroll/answer.c agent/enroll/identity.c
%C%_fuzz_enroll_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(OPENSSL_CFLAGS)
%C%_fuzz_enroll_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_enroll_LDADD = $(fuzz_libs) libtls.la libjson.la libconf.la libbase.la \
	$(JANSSON_LIBS) $(OPENSSL_LIBS)

fuzz_targets += %D%/fuzz-tls
%C%_fuzz_tls_SOURCES = %D%/fuzz-tls.c %D%/pem.c %D%/pem.h
%C%_fuzz_tls_CFLAGS = $(AM_CFLAGS) $(OPENSSL_CFLAGS)
%C%_fuzz_tls_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_tls_LDADD = $(fuzz_libs) libtls.la libconf.la libbase.la $(OPENSSL_LIBS)

# What administrators, tasks and engines leave on a node.
fuzz_targets += %D%/fuzz-defers
%C%_fuzz_defers_SOURCES = %D%/fuzz-defers.c
%C%_fuzz_defers_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_defers_LDADD = $(fuzz_libs) libexecutor.la

fuzz_targets += %D%/fuzz-profile
%C%_fuzz_profile_SOURCES = %D%/fuzz-profile.c
%C%_fuzz_profile_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(SECCOMP_CFLAGS)
%C%_fuzz_profile_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_profile_LDADD = $(fuzz_libs) libexecutor.la $(JANSSON_LIBS)

if DOCKER
fuzz_docker_libs = $(fuzz_libs) libdockertest.la libbase.la $(CURL_LIBS) $(JANSSON_LIBS)

fuzz_targets += %D%/fuzz-docker-output
%C%_fuzz_docker_output_SOURCES = %D%/fuzz-docker-output.c
%C%_fuzz_docker_output_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_docker_output_LDADD = $(fuzz_docker_libs)

fuzz_targets += %D%/fuzz-docker-state
%C%_fuzz_docker_state_SOURCES = %D%/fuzz-docker-state.c
%C%_fuzz_docker_state_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_docker_state_LDADD = $(fuzz_docker_libs)

fuzz_targets += %D%/fuzz-docker-spec
%C%_fuzz_docker_spec_SOURCES = %D%/fuzz-docker-spec.c
%C%_fuzz_docker_spec_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
%C%_fuzz_docker_spec_LDFLAGS = $(fuzz_ldflags)
%C%_fuzz_docker_spec_LDADD = $(fuzz_docker_libs)
endif

# For scripts/fuzz.
fuzz: $(fuzz_targets)
print-fuzz-targets:
	@echo $(fuzz_targets)
.PHONY: fuzz print-fuzz-targets
