/* test-rpc-tls.c - encrypted streams, and knowing who is there */
#include "rpc/rpc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "rig.h"
#include "tests/unit/unit.h"

/* A CA, a server at 127.0.0.1 and an agent called node-1; and another CA's
 * agent. Made once per test: nothing expires in the repository. */
static const char make_certificates[] =
	"set -e; cd \"$0\"\n"
	"ca() { openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout $1.key"
	" -out $1.crt -subj /CN=$1; }\n"
	"cert() { openssl req -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr"
	" -subj /CN=$1; echo \"subjectAltName=$3\" > $1.ext;"
	" openssl x509 -req -in $1.csr -CA $2.crt -CAkey $2.key -CAcreateserial"
	" -days 2 -out $1.crt -extfile $1.ext; }\n"
	"{ ca ca; ca foreign; cert server ca IP:127.0.0.1;"
	" cert node-1 ca DNS:node-1; cert thief foreign DNS:node-1; } 2>log\n";

static struct buf files[8]; /* the texts of struct rpc_tls live here */
static size_t n_files;

static const char *
read_file(const char *dir, const char *name)
{
	char path[256];
	AUTO_CLOSE int fd = -1;

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	fd = fd_open(path, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_uint_lt(n_files, ARRAY_SIZE(files));
	ck_assert_int_eq(fd_read_all(fd, &files[n_files], 64 << 10), 0);
	return buf_text(&files[n_files++]);
}

struct tls_rig {
	struct rig rig;
	struct rpc_tls server, agent, thief, nobody;
};

static void
run(const char *script, const char *dir)
{
	char command[4096];

	(void)snprintf(command, sizeof command, "sh -c '%s' %s", script, dir);
	ck_assert_int_eq(system(command), 0);
}

static void
tls_init(struct tls_rig *t)
{
	char dir[] = "/tmp/nodelink-tls-XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(dir));
	run(make_certificates, dir);
	t->server.ca = t->agent.ca = read_file(dir, "ca.crt");
	t->thief.ca = t->nobody.ca = t->server.ca;
	t->server.cert = read_file(dir, "server.crt");
	t->server.key = read_file(dir, "server.key");
	t->agent.cert = read_file(dir, "node-1.crt");
	t->agent.key = read_file(dir, "node-1.key");
	t->thief.cert = read_file(dir, "thief.crt");
	t->thief.key = read_file(dir, "thief.key");
	t->nobody.cert = t->nobody.key = NULL;
	run("rm -r \"$0\"", dir);
	rig_init(&t->rig);
	t->rig.server_conf.tls = &t->server;
	rig_serve(&t->rig);
}

static void
tls_done(struct tls_rig *t)
{
	rig_done(&t->rig);
	while (n_files > 0)
		buf_done(&files[--n_files]);
}

TEST(tells_the_server_the_names_in_the_agents_certificate)
{
	struct end end = { 0 };
	struct tls_rig t;

	tls_init(&t);
	t.rig.echo = true;
	t.rig.client_conf.tls = &t.agent;
	rig_connect(&t.rig, &end);
	RIG_WAIT(&t.rig, end.s);
	ck_assert_str_eq(t.rig.at_server.name, "node-1");
	rig_send(&t.rig, &end.s, 0, 100, 10000);
	RIG_WAIT(&t.rig, end.got == 100);
	rig_disconnect(&t.rig, &end);
	tls_done(&t);
}
END

TEST(lets_in_nobody_without_a_certificate_of_our_ca)
{
	struct end thief = { 0 }, nobody = { 0 }, plain = { 0 };
	struct tls_rig t;

	tls_init(&t);
	t.rig.client_conf.tls = &t.thief;
	rig_connect(&t.rig, &thief);
	t.rig.client_conf.tls = &t.nobody;
	rig_connect(&t.rig, &nobody);
	t.rig.client_conf.tls = NULL;
	rig_connect(&t.rig, &plain);
	RIG_WAIT(&t.rig,
		thief.closes > 1 && nobody.closes > 1 && plain.closes > 1);
	ck_assert_int_eq(thief.status, RPC_STATUS_UNAVAILABLE);
	ck_assert_int_eq(thief.opens + nobody.opens + plain.opens, 0);
	ck_assert_int_eq(t.rig.at_server.tries, 0);
	rig_disconnect(&t.rig, &thief);
	rig_disconnect(&t.rig, &nobody);
	rig_disconnect(&t.rig, &plain);
	tls_done(&t);
}
END

TEST(an_agent_does_not_talk_to_a_server_of_another_ca)
{
	struct end end = { 0 };
	struct tls_rig t;
	struct rpc_tls other;

	tls_init(&t);
	other = t.agent;
	other.ca = t.thief.cert; /* any certificate but the CA's */
	t.rig.client_conf.tls = &other;
	rig_connect(&t.rig, &end);
	RIG_WAIT(&t.rig, end.closes > 0);
	ck_assert_int_eq(end.opens, 0);
	ck_assert_ptr_nonnull(strstr(end.text, "certificate verify failed"));
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
	ck_assert_str_eq(err.text, "the TLS CA certificate is not in PEM form");
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
	static const TTest *tests[5];

	if (system("openssl version >/dev/null 2>&1") != 0) {
		(void)puts("1..0 # SKIP no openssl program");
		return 0;
	}
	tests[0] = tells_the_server_the_names_in_the_agents_certificate;
	tests[1] = lets_in_nobody_without_a_certificate_of_our_ca;
	tests[2] = an_agent_does_not_talk_to_a_server_of_another_ca;
	tests[3] = what_is_not_pem_is_refused_at_once;
	return unit_run("rpc tls", tests);
}
