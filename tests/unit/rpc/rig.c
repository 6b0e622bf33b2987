/* rig.c - a server and clients on one loop, for the tests of core/rpc */
#include "rig.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static void
note_message(struct end *end, const uint8_t *data, size_t len)
{
	uint32_t number;

	if (len >= sizeof number) {
		memcpy(&number, data, sizeof number);
		if (number != end->got)
			end->out_of_order = true;
	}
	end->got++;
	end->bytes += len;
}

static void
note_close(struct end *end, struct rpc_stream *s, enum rpc_status status,
	const char *text)
{
	end->closes++;
	end->status = status;
	end->was_open = s != NULL;
	(void)snprintf(end->text, sizeof end->text, "%s", text);
	if (s == end->s)
		end->s = NULL;
}

/* ------------------------------------------------------------------ server */

static int
server_open(void *arg, struct rpc_stream *s, const struct rpc_hello *hello,
	enum rpc_status *status, struct err *err)
{
	struct rig *rig = arg;
	struct end *end = &rig->at_server;

	end->tries++;
	(void)snprintf(end->id, sizeof end->id, "%s", hello->agent_id);
	(void)snprintf(end->token, sizeof end->token, "%s", hello->agent_token);
	(void)snprintf(end->peer, sizeof end->peer, "%s", rpc_peer(s));
	if (hello->tls_names[0])
		(void)snprintf(
			end->name, sizeof end->name, "%s", hello->tls_names[0]);
	(void)snprintf(end->serial, sizeof end->serial, "%s", hello->serial);
	end->verified = hello->verified;
	end->not_after = hello->not_after;
	if (rig->refuse) {
		*status = RPC_STATUS_UNAUTHENTICATED;
		return err_set(err, -1, "bad token of '%s'", hello->agent_id);
	}
	end->opens++;
	end->s = s;
	rpc_set_user(s, end);
	return 0;
}

static void
server_message(void *arg, struct rpc_stream *s, const uint8_t *data, size_t len)
{
	struct rig *rig = arg;

	note_message(rpc_user(s), data, len);
	if (rig->echo)
		ck_assert_int_ge(rpc_send(s, data, len, true), 0);
}

static void
server_writable(void *arg, struct rpc_stream *s)
{
	(void)arg;
	((struct end *)rpc_user(s))->writables++;
}

static void
server_close(void *arg, struct rpc_stream *s, enum rpc_status status,
	const char *text)
{
	(void)arg;
	note_close(rpc_user(s), s, status, text);
}

/* ------------------------------------------------------------------ client */

static void
client_open(void *arg, struct rpc_stream *s)
{
	struct end *end = arg;

	end->opens++;
	end->s = s;
}

static void
client_message(void *arg, struct rpc_stream *s, const uint8_t *data, size_t len)
{
	struct end *end = arg;

	note_message(end, data, len);
	if (end->close_on_message)
		rpc_close(s, RPC_STATUS_OK, "");
}

static void
client_writable(void *arg, struct rpc_stream *s)
{
	(void)s;
	((struct end *)arg)->writables++;
}

static void
client_close(void *arg, struct rpc_stream *s, enum rpc_status status,
	const char *text, int64_t retry_ms)
{
	struct end *end = arg;

	end->retry_ms = retry_ms;
	note_close(end, s, status, text);
	if (end->free_on_close)
		rpc_client_free(TAKE(end->client));
}

static void
client_try(void *arg)
{
	struct end *end = arg;
	const struct rpc_tls *tls = end->rig->next_tls;
	struct err err = { "" };

	if (tls && end->client)
		ck_assert_msg(rpc_client_set_tls(end->client, tls, &err) == 0,
			"%s", err.text);
}

/* --------------------------------------------------------------------- rig */

void
rig_init(struct rig *rig)
{
	*rig = (struct rig){
		.server_conf = { .max_message = LIMIT_MESSAGE,
			.keepalive_ms = 20000,
			.keepalive_timeout_ms = 10000,
			.max_streams = 100 },
		.client_conf = { .agent_id = "node-1",
			.agent_token = "secret",
			.max_message = LIMIT_MESSAGE,
			.keepalive_ms = 20000,
			.keepalive_timeout_ms = 5000,
			.backoff_min_ms = 20,
			.backoff_max_ms = 200,
			.own_connection = true },
	};
	(void)snprintf(rig->address, sizeof rig->address, "127.0.0.1:0");
	rig->loop = loop_new();
	ck_assert_ptr_nonnull(rig->loop);
}

void
rig_serve(struct rig *rig)
{
	static const struct rpc_server_ops ops = { .on_open = server_open,
		.on_message = server_message,
		.on_writable = server_writable,
		.on_close = server_close };
	struct err err = { "" };
	int r;

	rig->server_conf.listen = rig->address;
	r = rpc_server_new(rig->loop, &rig->server_conf, &ops, rig,
		&rig->server, &rig->port, &err);
	ck_assert_msg(r == 0, "%s", err.text);
	if (strncmp(rig->address, "unix:", 5) != 0)
		(void)snprintf(rig->address, sizeof rig->address,
			"127.0.0.1:%u", rig->port);
	rig->client_conf.server = rig->address;
}

static void
set_done(void *arg)
{
	*(bool *)arg = true;
}

void
rig_stop_server(struct rig *rig, int64_t grace_ms)
{
	rig->done = false;
	rpc_server_stop(rig->server, grace_ms, set_done, &rig->done);
	RIG_UNTIL(rig, rig->done);
	rpc_server_free(TAKE(rig->server));
}

void
rig_done(struct rig *rig)
{
	if (rig->server)
		rig_stop_server(rig, 1000);
	loop_free(rig->loop);
}

void
rig_connect(struct rig *rig, struct end *end)
{
	static const struct rpc_client_ops ops = { client_open, client_message,
		client_writable, client_close, client_try };
	struct err err = { "" };
	int r;

	end->rig = rig;
	r = rpc_client_new(
		rig->loop, &rig->client_conf, &ops, end, &end->client, &err);
	ck_assert_msg(r == 0, "%s", err.text);
}

void
rig_disconnect(struct rig *rig, struct end *end)
{
	rig->done = false;
	rpc_client_stop(end->client, 2000, set_done, &rig->done);
	RIG_UNTIL(rig, rig->done);
	rpc_client_free(TAKE(end->client));
}

void
rig_idle(struct rig *rig, int64_t ms)
{
	for (int64_t end_ms = clock_ms() + ms; clock_ms() < end_ms;)
		loop_turn(rig->loop, 10);
}

void
rig_send(struct rig *rig, struct rpc_stream *const *s, uint32_t from,
	uint32_t to, size_t size)
{
	AUTO_FREE char *data = calloc(1, size);

	ck_assert_ptr_nonnull(data);
	for (uint32_t i = from; i < to; i++) {
		int r;

		memcpy(data, &i, sizeof i);
		ck_assert_ptr_nonnull(*s);
		r = rpc_send(*s, data, size, false);
		ck_assert_int_ne(r, RPC_GONE);
		if (r == RPC_FULL) {
			loop_turn(rig->loop, 1000);
			i--;
		}
	}
}
