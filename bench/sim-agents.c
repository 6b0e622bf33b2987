/* sim-agents.c - a fleet of idle agents in one process
 *
 *	sim-agents ADDRESS COUNT
 *
 * Each has a connection of its own and says Hello, as an uplink does, and
 * nothing more. Prints "connected" when all are, then stays until its
 * standard input ends. Streams that are lost come back by themselves; how
 * many were lost is the last line printed. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/parse.h"
#include "loop/loop.h"
#include "rpc/rpc.h"
#include "wire/msg.h"

struct fleet {
	struct loop *loop;
	size_t n, connected, lost;
	bool complete; /* all were connected at one moment */
	int64_t start_us;
};

struct sim {
	struct fleet *fleet;
	struct rpc_client *client;
	char id[32];
	bool open;
};

static void
say_hello(struct sim *sim, struct rpc_stream *stream)
{
	AUTO_BUF struct buf out = { 0 };
	struct msg hello = {
		.kind = MSG_HELLO,
		.agent_id = sim->id,
		.hello = { .version = "bench",
			.boot_id = "00000000-0000-0000-0000-000000000000",
			.hostname = sim->id },
	};

	if (msg_pack(&hello, &out) < 0 ||
		rpc_send(stream, out.data, out.len, true) != RPC_OK)
		errx(1, "%s cannot say hello", sim->id);
}

static void
on_open(void *arg, struct rpc_stream *stream)
{
	struct sim *sim = arg;
	struct fleet *fleet = sim->fleet;

	say_hello(sim, stream);
	sim->open = true;
	fleet->connected++;
	if (fleet->connected < fleet->n || fleet->complete)
		return;
	fleet->complete = true;
	printf("connected in %.2f s\n",
		(double)(clock_us() - fleet->start_us) / 1e6);
	fflush(stdout);
}

static void
on_message(
	void *arg, struct rpc_stream *stream, const uint8_t *data, size_t len)
{
	(void)arg; /* an idle agent is told nothing */
	(void)stream;
	(void)data;
	(void)len;
}

static void
on_writable(void *arg, struct rpc_stream *stream)
{
	(void)arg; /* one small message never fills a queue */
	(void)stream;
}

static void
on_close(void *arg, struct rpc_stream *stream, enum rpc_status status,
	const char *text, int64_t retry_ms)
{
	struct sim *sim = arg;

	(void)stream;
	(void)retry_ms;
	if (!sim->open) {
		warnx("%s: %s: %s", sim->id, rpc_status_name(status), text);
		return;
	}
	sim->open = false;
	sim->fleet->connected--;
	sim->fleet->lost++;
}

static const struct rpc_client_ops ops = {
	.on_open = on_open,
	.on_message = on_message,
	.on_writable = on_writable,
	.on_close = on_close,
};

static void
on_stdin(void *arg, int fd, unsigned ready)
{
	struct fleet *fleet = arg;
	char byte;

	(void)ready;
	if (read(fd, &byte, 1) <= 0)
		loop_stop(fleet->loop);
}

static void
connect_one(struct fleet *fleet, struct sim *sim, size_t i, const char *server)
{
	struct rpc_client_conf conf = {
		.server = server,
		.agent_id = sim->id,
		.agent_token = "",
		.max_message = LIMIT_MESSAGE,
		.keepalive_ms = 20000,
		.keepalive_timeout_ms = 5000,
		.backoff_min_ms = 200,
		.backoff_max_ms = 5000,
		.own_connection = true,
	};
	struct err e;

	snprintf(sim->id, sizeof(sim->id), "sim-%05zu", i);
	sim->fleet = fleet;
	if (rpc_client_new(fleet->loop, &conf, &ops, sim, &sim->client, &e) < 0)
		errx(1, "%s", e.text);
}

int
main(int argc, char **argv)
{
	struct fleet fleet = { 0 };
	struct sim *sims;
	uint64_t n;

	if (argc != 3 || parse_u64(argv[2], 1, 100000, &n) < 0)
		errx(2, "usage: sim-agents ADDRESS COUNT");
	if (fd_raise_limit() < 0)
		warnx("cannot raise the limit of descriptors");
	fleet.loop = loop_new();
	fleet.n = n;
	fleet.start_us = clock_us();
	sims = calloc(n, sizeof(*sims));
	if (!fleet.loop || !sims ||
		!loop_watch_new(
			fleet.loop, STDIN_FILENO, LOOP_READ, on_stdin, &fleet))
		errx(1, "cannot start");
	for (size_t i = 0; i < n; i++)
		connect_one(&fleet, &sims[i], i, argv[1]);
	loop_run(fleet.loop);
	printf("lost %zu\n", fleet.lost);
	fflush(stdout);
	/* Taking thousands of channels down in order is not of interest. */
	_exit(0);
}
