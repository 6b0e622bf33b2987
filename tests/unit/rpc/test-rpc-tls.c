/* test-rpc-tls.c - encrypted streams, and knowing who is there */
#include "rpc/rpc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"
#include "tests/unit/certs.h"
#include "tests/unit/unit.h"
#include "tls/tls.h"

/* A CA, its server at 127.0.0.1 and its agents; and another CA's agent. */
static const char make[] =
	"ca ca; ca foreign; cert server ca IP:127.0.0.1\n"
	"cert server2 foreign IP:127.0.0.1\n"
	"cert node-1 ca URI:nodelink:agent:node-1,DNS:node-1\n"
	"cert late ca URI:nodelink:agent:node-1 -1\n"
	"cert thief foreign URI:nodelink:agent:node-1\n";

enum { CA, FOREIGN, SERVER, SERVER2, NODE, LATE, THIEF, CERTS };
static const char *const names[CERTS] = { "ca", "foreign", "server", "server2",
	"node-1", "late", "thief" };

struct tls_rig {
	struct rig rig;
	char dir[CERTS_DIR];
	char *cert[CERTS], *key[CERTS];
	struct rpc_tls server;
};

static void
tls_init(struct tls_rig *t)
{
	certs_begin(t->dir);
	certs_run(t->dir, make);
	for (int i = 0; i < CERTS; i++) {
		char file[32];

		(void)snprintf(file, sizeof file, "%s.crt", names[i]);
		t->cert[i] = certs_read(t->dir, file);
		(void)snprintf(file, sizeof file, "%s.key", names[i]);
		t->key[i] = certs_read(t->dir, file);
	}
	t->server = (struct rpc_tls){ t->cert[CA], t->cert[SERVER],
		t->key[SERVER] };
	rig_init(&t->rig);
	t->rig.server_conf.tls = &t->server;
	rig_serve(&t->rig);
}

static void
tls_done(struct tls_rig *t)
{
	rig_done(&t->rig);
	for (int i = 0; i < CERTS; i++) {
		free(t->cert[i]);
		free(t->key[i]);
	}
	certs_end(t->dir);
}

/* Connect with this certificate, or none, trusting that CA. */
static void
connect_as(struct tls_rig *t, struct end *end, int cert, int ca)
{
	struct rpc_tls tls = { .ca = t->cert[ca] };

	if (cert != CERTS) {
		tls.cert = t->cert[cert];
		tls.key = t->key[cert];
	}
	t->rig.client_conf.tls = &tls; /* copied */
	rig_connect(&t->rig, end);
	t->rig.client_conf.tls = NULL;
}

TEST(tells_the_server_who_the_certificate_is_for)
{
	struct tls_facts facts;
	struct end end = { 0 };
	struct tls_rig t;

	tls_init(&t);
	ck_assert_int_eq(tls_facts(t.cert[NODE], &facts), 0);
	t.rig.echo = true;
	connect_as(&t, &end, NODE, CA);
	RIG_UNTIL(&t.rig, end.s);
	ck_assert(t.rig.at_server.verified);
	ck_assert_str_eq(t.rig.at_server.name, "nodelink:agent:node-1");
	ck_assert_str_eq(t.rig.at_server.serial, facts.serial);
	ck_assert_int_eq(t.rig.at_server.not_after, facts.not_after);
	rig_send(&t.rig, &end.s, 0, 100, 10000);
	RIG_UNTIL(&t.rig, end.got == 100);
	rig_disconnect(&t.rig, &end);
	tls_done(&t);
}
END

TEST(without_a_ca_nobody_is_asked_for_a_certificate)
{
	struct end end = { 0 };
	struct tls_rig t;

	tls_init(&t);
	rig_stop_server(&t.rig, 1000);
	t.server.ca = NULL;
	rig_serve(&t.rig);
	connect_as(&t, &end, CERTS, CA);
	RIG_UNTIL(&t.rig, end.s);
	ck_assert(!t.rig.at_server.verified);
	ck_assert_str_eq(t.rig.at_server.name, "");
	ck_assert_str_eq(t.rig.at_server.serial, "");
	rig_disconnect(&t.rig, &end);
	tls_done(&t);
}
END

TEST(lets_in_nobody_without_a_valid_certificate_of_our_ca)
{
	struct end ends[4] = { 0 };
	struct tls_rig t;

	tls_init(&t);
	connect_as(&t, &ends[0], THIEF, CA);
	connect_as(&t, &ends[1], LATE, CA);
	connect_as(&t, &ends[2], CERTS, CA); /* none */
	rig_connect(&t.rig, &ends[3]); /* no TLS even */
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		RIG_UNTIL(&t.rig, ends[i].closes > 1);
		ck_assert_int_eq(ends[i].status, RPC_STATUS_UNAVAILABLE);
		ck_assert_int_eq(ends[i].opens, 0);
		rig_disconnect(&t.rig, &ends[i]);
	}
	ck_assert_int_eq(t.rig.at_server.tries, 0);
	tls_done(&t);
}
END

	static char trouble[512];
static unsigned troubles, trouble_left_out;

static void
note_trouble(const char *text, unsigned left_out)
{
	(void)snprintf(trouble, sizeof trouble, "%s", text);
	trouble_left_out += left_out;
	troubles++; /* last: another thread waits for it */
}

TEST(says_why_a_handshake_has_failed_but_not_for_each)
{
	struct end end = { 0 };
	struct tls_rig t;

	rpc_on_trouble(note_trouble);
	tls_init(&t);
	connect_as(&t, &end, LATE, CA);
	RIG_UNTIL(&t.rig, troubles > 1 && trouble_left_out > 1);
	ck_assert_ptr_nonnull(strstr(trouble, "certificate"));
	rig_disconnect(&t.rig, &end);
	tls_done(&t);
	rpc_on_trouble(NULL);
}
END

TEST(an_agent_does_not_talk_to_a_server_of_another_ca)
{
	struct end end = { 0 };
	struct tls_rig t;

	tls_init(&t);
	connect_as(&t, &end, NODE, FOREIGN);
	RIG_UNTIL(&t.rig, end.closes > 0);
	ck_assert_int_eq(end.opens, 0);
	ck_assert_ptr_nonnull(strstr(end.text, "certificate verify failed"));
	rig_disconnect(&t.rig, &end);
	tls_done(&t);
}
END

TEST(a_new_certificate_is_for_new_connections)
{
	struct end old = { 0 }, fresh = { 0 };
	struct err err = { "" };
	struct rpc_tls next;
	struct tls_rig t;

	tls_init(&t);
	connect_as(&t, &old, NODE, CA);
	RIG_UNTIL(&t.rig, old.s);
	next = (struct rpc_tls){ t.cert[FOREIGN], t.cert[SERVER2],
		t.key[SERVER2] };
	ck_assert_int_eq(rpc_server_set_tls(t.rig.server, &next, &err), 0);
	connect_as(&t, &fresh, THIEF, FOREIGN);
	RIG_UNTIL(&t.rig, fresh.s);
	rig_send(&t.rig, &old.s, 0, 10, 100);
	RIG_UNTIL(&t.rig, t.rig.at_server.got == 10);
	ck_assert_int_eq(old.closes, 0);
	rig_disconnect(&t.rig, &fresh);
	rig_disconnect(&t.rig, &old);
	/* The old CA is not trusted any more. */
	old = (struct end){ 0 };
	connect_as(&t, &old, NODE, FOREIGN);
	RIG_UNTIL(&t.rig, old.closes > 0);
	ck_assert_int_eq(old.opens, 0);
	rig_disconnect(&t.rig, &old);
	tls_done(&t);
}
END

TEST(a_certificate_that_cannot_be_used_changes_nothing)
{
	struct rpc_tls empty = { .cert = "", .key = "" }, alone = { 0 }, bare;
	struct end end = { 0 };
	struct err err = { "" };
	struct tls_rig t;

	tls_init(&t);
	ck_assert_int_eq(
		rpc_server_set_tls(t.rig.server, &empty, &err), -EINVAL);
	ck_assert_int_eq(
		rpc_server_set_tls(t.rig.server, &alone, &err), -EINVAL);
	bare = t.server;
	bare.ca = NULL;
	ck_assert_int_eq(
		rpc_server_set_tls(t.rig.server, &bare, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "while the server runs"));
	bare = t.server;
	bare.key = t.key[NODE];
	ck_assert_int_eq(
		rpc_server_set_tls(t.rig.server, &bare, &err), -EINVAL);
	connect_as(&t, &end, NODE, CA);
	RIG_UNTIL(&t.rig, end.s);
	rig_disconnect(&t.rig, &end);
	tls_done(&t);
}
END

TEST(a_client_takes_other_credentials_with_its_next_try)
{
	struct end end = { 0 };
	struct rpc_tls next;
	struct tls_rig t;

	tls_init(&t);
	connect_as(&t, &end, LATE, CA);
	RIG_UNTIL(&t.rig, end.closes > 0);
	next = (struct rpc_tls){ t.cert[CA], t.cert[NODE], t.key[NODE] };
	t.rig.next_tls = &next;
	RIG_UNTIL(&t.rig, end.s);
	t.rig.next_tls = NULL;
	rig_disconnect(&t.rig, &end);
	tls_done(&t);
}
END

TEST(what_is_not_pem_is_refused_at_once)
{
	struct rpc_tls tls = { .ca = "/etc/ssl/ca.pem" };
	struct rpc_client_ops client_ops = { 0 };
	struct rpc_server_ops server_ops = { 0 };
	struct rpc_client *client = NULL;
	struct rpc_server *server = NULL;
	struct err err = { "" };
	struct rig rig;
	uint16_t port;

	rig_init(&rig);
	rig.client_conf.server = "127.0.0.1:1";
	rig.client_conf.tls = &tls;
	ck_assert_int_eq(rpc_client_new(rig.loop, &rig.client_conf, &client_ops,
				 NULL, &client, &err),
		-EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "certificate 1 in 'ca'"));
	rig.server_conf.listen = "127.0.0.1:0";
	rig.server_conf.tls = &tls;
	tls.ca = NULL;
	ck_assert_int_eq(rpc_server_new(rig.loop, &rig.server_conf, &server_ops,
				 NULL, &server, &port, &err),
		-EINVAL);
	ck_assert_str_eq(err.text, "a TLS server needs a certificate");
	tls.cert = tls.key = "-----BEGIN NONSENSE-----";
	ck_assert_int_eq(rpc_server_new(rig.loop, &rig.server_conf, &server_ops,
				 NULL, &server, &port, &err),
		-EINVAL);
	rig_done(&rig);
}
END

	int
	main(void)
{
	static const TTest *tests[10];
	size_t n = 0;

	if (!certs_can())
		return unit_skip("no openssl program");
	tests[n++] = tells_the_server_who_the_certificate_is_for;
	tests[n++] = without_a_ca_nobody_is_asked_for_a_certificate;
	tests[n++] = lets_in_nobody_without_a_valid_certificate_of_our_ca;
	tests[n++] = says_why_a_handshake_has_failed_but_not_for_each;
	tests[n++] = an_agent_does_not_talk_to_a_server_of_another_ca;
	tests[n++] = a_new_certificate_is_for_new_connections;
	tests[n++] = a_certificate_that_cannot_be_used_changes_nothing;
	tests[n++] = a_client_takes_other_credentials_with_its_next_try;
	tests[n++] = what_is_not_pem_is_refused_at_once;
	return unit_run("rpc tls", tests);
}
