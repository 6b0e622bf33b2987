unit_tests += tests/unit/server/test-auth
tests_unit_server_test_auth_SOURCES = %D%/test-auth.c %D%/auth-rig.c %D%/auth-rig.h
tests_unit_server_test_auth_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_server_test_auth_LDADD = libauth.la libdb.la libloop.la libbase.la $(unit_libs)
unit_tests += tests/unit/server/test-auth-agents
tests_unit_server_test_auth_agents_SOURCES = %D%/test-auth-agents.c %D%/auth-rig.c \
	%D%/auth-rig.h
tests_unit_server_test_auth_agents_CFLAGS = $(tests_unit_server_test_auth_CFLAGS)
tests_unit_server_test_auth_agents_LDADD = $(tests_unit_server_test_auth_LDADD)

unit_tests += tests/unit/server/test-transcript
tests_unit_server_test_transcript_SOURCES = %D%/test-transcript.c
tests_unit_server_test_transcript_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_server_test_transcript_LDADD = libstore.la libdb.la libmetrics.la libbase.la $(unit_libs)

store_suite_libs = libstore.la libdb.la libmetrics.la libtask.la libloop.la libbase.la $(unit_libs)
store_suite_sources = %D%/store-suite.c %D%/store-suite.h %D%/store-suite-outbox.c \
	%D%/store-rig.c

unit_tests += tests/unit/server/test-memory tests/unit/server/test-sqlite
tests_unit_server_test_memory_SOURCES = %D%/test-memory.c $(store_suite_sources)
tests_unit_server_test_memory_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_server_test_memory_LDADD = $(store_suite_libs)
tests_unit_server_test_sqlite_SOURCES = %D%/test-sqlite.c %D%/sqlite-rig.c \
	%D%/sqlite-rig.h $(store_suite_sources)
tests_unit_server_test_sqlite_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(SQLITE_CFLAGS)
tests_unit_server_test_sqlite_LDADD = $(store_suite_libs) $(SQLITE_LIBS)

unit_tests += tests/unit/server/test-webhook
tests_unit_server_test_webhook_SOURCES = %D%/test-webhook.c
tests_unit_server_test_webhook_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_server_test_webhook_LDADD = libwebhook.la libstore.la libdb.la libmetrics.la libtask.la \
	libwire.la libjson.la libconf.la libloop.la libbase.la $(unit_libs)
unit_tests += tests/unit/server/test-webhook-sending
tests_unit_server_test_webhook_sending_SOURCES = %D%/test-webhook-sending.c
tests_unit_server_test_webhook_sending_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_server_test_webhook_sending_LDADD = $(tests_unit_server_test_webhook_LDADD)

unit_tests += tests/unit/server/test-hub
tests_unit_server_test_hub_SOURCES = %D%/test-hub.c %D%/hub-rig.c %D%/hub-rig.h \
	%D%/fake-rpc.c %D%/fake-rpc.h
tests_unit_server_test_hub_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_server_test_hub_LDADD = libhub.la libauth.la libstore.la libdb.la libmetrics.la libaudit.la libtask.la libwire.la libjson.la \
	libloop.la libbase.la $(unit_libs)

unit_tests += tests/unit/server/test-hub-loss
tests_unit_server_test_hub_loss_SOURCES = %D%/test-hub-loss.c %D%/hub-rig.c %D%/hub-rig.h \
	%D%/fake-rpc.c %D%/fake-rpc.h
tests_unit_server_test_hub_loss_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_server_test_hub_loss_LDADD = libhub.la libauth.la libstore.la libdb.la libmetrics.la libaudit.la libtask.la libwire.la libjson.la \
	libloop.la libbase.la $(unit_libs)

unit_tests += tests/unit/server/test-hub-given-up
tests_unit_server_test_hub_given_up_SOURCES = %D%/test-hub-given-up.c %D%/hub-rig.c %D%/hub-rig.h \
	%D%/fake-rpc.c %D%/fake-rpc.h
tests_unit_server_test_hub_given_up_CFLAGS = $(tests_unit_server_test_hub_CFLAGS)
tests_unit_server_test_hub_given_up_LDADD = $(tests_unit_server_test_hub_LDADD)

unit_tests += tests/unit/server/test-hub-recover
tests_unit_server_test_hub_recover_SOURCES = %D%/test-hub-recover.c %D%/hub-rig.c %D%/hub-rig.h \
	%D%/fake-rpc.c %D%/fake-rpc.h
tests_unit_server_test_hub_recover_CFLAGS = $(tests_unit_server_test_hub_CFLAGS)
tests_unit_server_test_hub_recover_LDADD = $(tests_unit_server_test_hub_LDADD)

unit_tests += tests/unit/server/test-hub-bad
tests_unit_server_test_hub_bad_SOURCES = %D%/test-hub-bad.c %D%/hub-rig.c %D%/hub-rig.h \
	%D%/fake-rpc.c %D%/fake-rpc.h
tests_unit_server_test_hub_bad_CFLAGS = $(tests_unit_server_test_hub_CFLAGS)
tests_unit_server_test_hub_bad_LDADD = $(tests_unit_server_test_hub_LDADD)

unit_tests += tests/unit/server/test-hub-auth
tests_unit_server_test_hub_auth_SOURCES = %D%/test-hub-auth.c %D%/hub-rig.c %D%/hub-rig.h \
	%D%/fake-rpc.c %D%/fake-rpc.h
tests_unit_server_test_hub_auth_CFLAGS = $(tests_unit_server_test_hub_CFLAGS)
tests_unit_server_test_hub_auth_LDADD = $(tests_unit_server_test_hub_LDADD)

unit_tests += tests/unit/server/test-hub-drain
tests_unit_server_test_hub_drain_SOURCES = %D%/test-hub-drain.c %D%/hub-rig.c %D%/hub-rig.h \
	%D%/fake-rpc.c %D%/fake-rpc.h
tests_unit_server_test_hub_drain_CFLAGS = $(tests_unit_server_test_hub_CFLAGS)
tests_unit_server_test_hub_drain_LDADD = $(tests_unit_server_test_hub_LDADD)

unit_tests += tests/unit/server/test-admit
tests_unit_server_test_admit_SOURCES = %D%/test-admit.c %D%/hub-rig.c %D%/hub-rig.h \
	%D%/fake-rpc.c %D%/fake-rpc.h
tests_unit_server_test_admit_CFLAGS = $(tests_unit_server_test_hub_CFLAGS)
tests_unit_server_test_admit_LDADD = $(tests_unit_server_test_hub_LDADD)

unit_tests += tests/unit/server/test-hub-count
tests_unit_server_test_hub_count_SOURCES = %D%/test-hub-count.c %D%/hub-rig.c %D%/hub-rig.h \
	%D%/fake-rpc.c %D%/fake-rpc.h
tests_unit_server_test_hub_count_CFLAGS = $(tests_unit_server_test_hub_CFLAGS)
tests_unit_server_test_hub_count_LDADD = $(tests_unit_server_test_hub_LDADD)

check_LTLIBRARIES += libunitserver.la
libunitserver_la_SOURCES = %D%/client.c %D%/client.h
libunitserver_la_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)

unit_tests += tests/unit/server/test-http-request tests/unit/server/test-http-stream
tests_unit_server_test_http_request_SOURCES = %D%/test-http-request.c
tests_unit_server_test_http_request_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) -I$(srcdir)/%D%
tests_unit_server_test_http_request_LDADD = libunitserver.la libhttp.la libmetrics.la libjson.la \
	libloop.la libbase.la $(unit_libs)
tests_unit_server_test_http_stream_SOURCES = %D%/test-http-stream.c
tests_unit_server_test_http_stream_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) -I$(srcdir)/%D%
tests_unit_server_test_http_stream_LDADD = $(tests_unit_server_test_http_request_LDADD)

unit_tests += tests/unit/server/test-http-gate
tests_unit_server_test_http_gate_SOURCES = %D%/test-http-gate.c
tests_unit_server_test_http_gate_CFLAGS = $(tests_unit_server_test_http_request_CFLAGS)
tests_unit_server_test_http_gate_LDADD = $(tests_unit_server_test_http_request_LDADD)

unit_tests += tests/unit/server/test-sse
tests_unit_server_test_sse_SOURCES = %D%/test-sse.c %D%/fake-rpc.c %D%/fake-rpc.h
tests_unit_server_test_sse_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_server_test_sse_LDADD = libunitserver.la libapi.la libwebhook.la libca.la libtls.la libconf.la libhub.la libauth.la libstore.la libdb.la \
	libhttp.la libmetrics.la libaudit.la libtask.la libwire.la libjson.la libloop.la libbase.la $(unit_libs)

unit_tests += tests/unit/server/test-api
tests_unit_server_test_api_SOURCES = %D%/test-api.c %D%/api-rig.c %D%/api-rig.h \
	%D%/fake-rpc.c %D%/fake-rpc.h
tests_unit_server_test_api_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) -I$(srcdir)/%D%
tests_unit_server_test_api_LDADD = $(tests_unit_server_test_sse_LDADD)

unit_tests += tests/unit/server/test-access
tests_unit_server_test_access_SOURCES = %D%/test-access.c %D%/api-rig.c %D%/api-rig.h \
	%D%/fake-rpc.c %D%/fake-rpc.h
tests_unit_server_test_access_CFLAGS = $(tests_unit_server_test_api_CFLAGS)
tests_unit_server_test_access_LDADD = $(tests_unit_server_test_api_LDADD)

unit_tests += tests/unit/server/test-options
tests_unit_server_test_options_SOURCES = %D%/test-options.c %D%/api-rig.c %D%/api-rig.h \
	%D%/fake-rpc.c %D%/fake-rpc.h
tests_unit_server_test_options_CFLAGS = $(tests_unit_server_test_api_CFLAGS)
tests_unit_server_test_options_LDADD = $(tests_unit_server_test_api_LDADD)

unit_tests += tests/unit/server/test-cancel-many
tests_unit_server_test_cancel_many_SOURCES = %D%/test-cancel-many.c \
	%D%/api-rig.c %D%/api-rig.h %D%/fake-rpc.c %D%/fake-rpc.h
tests_unit_server_test_cancel_many_CFLAGS = $(tests_unit_server_test_api_CFLAGS)
tests_unit_server_test_cancel_many_LDADD = $(tests_unit_server_test_api_LDADD)

unit_tests += tests/unit/server/test-ca
tests_unit_server_test_ca_SOURCES = %D%/test-ca.c
tests_unit_server_test_ca_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_server_test_ca_LDADD = libca.la libtls.la libconf.la libbase.la $(unit_libs)

unit_tests += tests/unit/server/test-limits
tests_unit_server_test_limits_SOURCES = %D%/test-limits.c
tests_unit_server_test_limits_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) -I$(srcdir)/%D%
tests_unit_server_test_limits_LDADD = libunitserver.la libapi.la libwebhook.la libca.la libtls.la libconf.la libhttp.la libmetrics.la libjson.la \
	libloop.la libbase.la $(unit_libs)

unit_tests += tests/unit/server/test-audit
tests_unit_server_test_audit_SOURCES = %D%/test-audit.c
tests_unit_server_test_audit_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_server_test_audit_LDADD = libaudit.la libjson.la libloop.la libbase.la $(unit_libs)

unit_tests += tests/unit/server/test-metrics
tests_unit_server_test_metrics_SOURCES = %D%/test-metrics.c
tests_unit_server_test_metrics_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_server_test_metrics_LDADD = libmetrics.la libbase.la $(unit_libs)

unit_tests += tests/unit/server/test-api-metrics
tests_unit_server_test_api_metrics_SOURCES = %D%/test-api-metrics.c %D%/api-rig.c %D%/api-rig.h \
	%D%/fake-rpc.c %D%/fake-rpc.h
tests_unit_server_test_api_metrics_CFLAGS = $(tests_unit_server_test_api_CFLAGS)
tests_unit_server_test_api_metrics_LDADD = $(tests_unit_server_test_api_LDADD)

unit_tests += tests/unit/server/test-certs
tests_unit_server_test_certs_SOURCES = %D%/test-certs.c server/certs.c
tests_unit_server_test_certs_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS) -I$(srcdir)/server
tests_unit_server_test_certs_LDADD = libtls.la libconf.la libloop.la libbase.la $(unit_libs)
