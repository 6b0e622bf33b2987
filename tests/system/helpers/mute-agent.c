/* mute-agent.c - an agent that opens its stream and then misbehaves
 *
 * mute-agent ADDRESS AGENT-ID [nonsense]: says "open" when the stream is open,
 * sends nothing (or bytes that are no message), and says "closed STATUS: TEXT"
 * when the server has ended the stream. For tests/system/test_07_agents.py. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "loop/loop.h"
#include "rpc/rpc.h"

struct mute {
	struct loop *loop;
	bool nonsense;
};

static void
on_open(void *arg, struct rpc_stream *s)
{
	const struct mute *m = arg;

	(void)puts("open");
	if (m->nonsense)
		(void)rpc_send(s, "\xff\xff\xff\xff", 4, true);
}

static void
on_message(void *arg, struct rpc_stream *s, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)s;
	(void)data;
	(void)len;
}

static void
on_writable(void *arg, struct rpc_stream *s)
{
	(void)arg;
	(void)s;
}

static void
on_close(void *arg, struct rpc_stream *s, enum rpc_status status,
	const char *text, int64_t retry_ms)
{
	const struct mute *m = arg;

	(void)retry_ms;
	(void)printf("closed %s: %s\n", rpc_status_name(status), text);
	if (s)
		loop_stop(m->loop);
}

static const struct rpc_client_ops ops = {
	.on_open = on_open,
	.on_message = on_message,
	.on_writable = on_writable,
	.on_close = on_close,
};

int
main(int argc, char **argv)
{
	AUTO(loop_free) struct loop *loop = loop_new();
	struct mute m = { .loop = loop, .nonsense = argc > 3 };
	struct rpc_client_conf conf = {
		.server = argc > 2 ? argv[1] : NULL,
		.agent_id = argc > 2 ? argv[2] : NULL,
		.agent_token = "",
		.max_message = 1 << 20,
		.keepalive_ms = 30000,
		.keepalive_timeout_ms = 10000,
		.backoff_min_ms = 100,
		.backoff_max_ms = 1000,
	};
	struct rpc_client *client;
	struct err err;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!loop || argc < 3) {
		(void)fputs("usage: mute-agent ADDRESS AGENT-ID [nonsense]\n",
			stderr);
		return 2;
	}
	if (rpc_client_new(loop, &conf, &ops, &m, &client, &err) < 0) {
		(void)fprintf(stderr, "mute-agent: %s\n", err.text);
		return 1;
	}
	loop_run(loop);
	rpc_client_free(client);
	return 0;
}
