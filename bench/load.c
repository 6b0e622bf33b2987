/* load.c - many short tasks end to end: create, watch, see the end
 *
 *	load ADDRESS AGENT CONCURRENCY COUNT SHELL CMD
 *
 * Each of CONCURRENCY connections does, again and again: POST /tasks/shell,
 * then GET /stream of the new task on the same connection, until the final
 * event has come and the stream has ended. One thread, one epoll set. Prints
 * tasks/s and the latency from the first byte of the POST to the final event
 * as one line of JSON; anything but exactly one final event, with status
 * COMPLETED, counts as failed. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/parse.h"
#include "bench/client.h"
#include "bench/http.h"
#include "bench/sample.h"
#include "bench/sse.h"

struct slot {
	struct http http;
	bool streaming; /* else the answer to POST is awaited */
	int watched_fd; /* in the epoll set */
	struct buf reply;
	struct sse sse;
	int64_t started_us, final_us;
};

struct load {
	char *body;
	int epoll;
	unsigned long left, running, failed, reconnects;
	struct sample latency;
};

static void
on_body(void *arg, const char *data, size_t len)
{
	struct slot *slot = arg;

	if (slot->streaming) {
		sse_feed(&slot->sse, data, len);
		if (slot->sse.finals && !slot->final_us)
			slot->final_us = clock_us();
	} else if (buf_add(&slot->reply, data, len) < 0) {
		errx(1, "out of memory");
	}
}

static void
request(struct load *load, struct slot *slot, const char *method,
	const char *path, const char *body)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = slot };
	int r = http_send(&slot->http, method, path, body);

	if (r < 0)
		errx(1, "%s %s: %s", method, path, strerror(-r));
	if (slot->http.fd == slot->watched_fd && slot->http.keep)
		return;
	/* a new socket; the old one left the set when it was closed */
	if (slot->watched_fd >= 0)
		load->reconnects++;
	slot->watched_fd = slot->http.fd;
	if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, slot->http.fd, &event) < 0)
		err(1, "epoll_ctl");
}

static void
begin(struct load *load, struct slot *slot)
{
	if (!load->left)
		return;
	load->left--;
	load->running++;
	slot->streaming = false;
	buf_clear(&slot->reply);
	slot->sse.finals = 0;
	slot->sse.completed = false;
	slot->final_us = 0;
	slot->started_us = clock_us();
	request(load, slot, "POST", "/tasks/shell", load->body);
}

static void
follow(struct load *load, struct slot *slot)
{
	char id[CLIENT_ID], path[CLIENT_ID + 16];

	if (slot->http.status != 200 || !client_member(buf_text(&slot->reply),
						"task_id", id, sizeof(id)))
		errx(1, "task refused: %d %s", slot->http.status,
			buf_text(&slot->reply));
	snprintf(path, sizeof(path), "/stream?ref=%s", id);
	slot->streaming = true;
	request(load, slot, "GET", path, NULL);
}

static void
finish(struct load *load, struct slot *slot)
{
	load->running--;
	if (slot->http.status != 200 || slot->sse.finals != 1 ||
		!slot->sse.completed)
		load->failed++;
	else
		sample_add(&load->latency, slot->final_us - slot->started_us);
	begin(load, slot);
}

static void
serve(struct load *load)
{
	struct epoll_event events[64];
	int n = epoll_wait(load->epoll, events, 64, 60000);

	if (n == 0)
		errx(1, "nothing has happened for 60 s; %lu tasks run",
			load->running);
	for (int i = 0; i < n; i++) {
		struct slot *slot = events[i].data.ptr;
		int r = http_read(&slot->http);

		if (r < 0)
			errx(1, "connection: %s", strerror(-r));
		if (r == HTTP_MORE)
			continue;
		if (slot->streaming)
			finish(load, slot);
		else
			follow(load, slot);
	}
}

static void
tidy(struct load *load, struct slot *slots, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		http_close(&slots[i].http);
		buf_done(&slots[i].reply);
		sse_done(&slots[i].sse);
	}
	free(slots);
	free(load->body);
	sample_done(&load->latency);
}

int
main(int argc, char **argv)
{
	struct load load = { 0 };
	struct sockaddr_in addr;
	uint64_t concurrency, count;
	struct slot *slots;
	int64_t start;
	double seconds;

	if (argc != 7 || parse_u64(argv[3], 1, 4096, &concurrency) < 0 ||
		parse_u64(argv[4], 1, 10000000, &count) < 0)
		errx(2, "usage: load ADDRESS AGENT CONCURRENCY COUNT SHELL CMD");
	http_address(argv[1], &addr);
	load.body = client_body(argv[2], argv[5], argv[6]);
	load.left = count;
	load.epoll = epoll_create1(EPOLL_CLOEXEC);
	slots = calloc(concurrency, sizeof(*slots));
	if (load.epoll < 0 || !slots)
		err(1, "start");
	for (uint64_t i = 0; i < concurrency; i++) {
		int r = http_open(&slots[i].http, &addr, on_body, &slots[i]);

		if (r < 0)
			errx(1, "%s: %s", argv[1], strerror(-r));
		slots[i].watched_fd = -1;
	}
	start = clock_us();
	for (uint64_t i = 0; i < concurrency; i++)
		begin(&load, &slots[i]);
	while (load.running)
		serve(&load);
	seconds = (double)(clock_us() - start) / 1e6;
	printf("{\"count\": %lu, \"seconds\": %.4f, \"per_second\": %.1f, "
	       "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"failed\": %lu, "
	       "\"reconnects\": %lu}\n",
		(unsigned long)count, seconds, (double)count / seconds,
		sample_ms(&load.latency, 50), sample_ms(&load.latency, 99),
		load.failed, load.reconnects);
	tidy(&load, slots, concurrency);
	return load.failed != 0;
}
