/* watch.c - one task, watched by many
 *
 *	watch ADDRESS AGENT WATCHERS sse|output CMD
 *
 * Creates a task, opens WATCHERS connections on its /stream or its /output,
 * and reads them to their end from one epoll set. Prints the seconds from the
 * POST to the last end, the bytes and checksum of stdout that the watchers
 * got (all must agree), how many are complete, and how many bytes went over
 * the sockets. A complete SSE watcher has had exactly one final event. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/parse.h"
#include "bench/client.h"
#include "bench/http.h"
#include "bench/sse.h"
#include "bench/sum.h"

struct watcher {
	struct http http;
	struct sse sse;
	uint64_t wire;
	bool ended;
};

struct watch {
	bool raw; /* /output instead of /stream */
	int epoll;
	char path[CLIENT_ID + 64];
	struct watcher *watchers;
	size_t n, open;
};

static void
on_event_bytes(void *arg, const char *data, size_t len)
{
	struct watcher *w = arg;

	w->wire += len;
	sse_feed(&w->sse, data, len);
}

static void
on_raw_bytes(void *arg, const char *data, size_t len)
{
	struct watcher *w = arg;

	w->wire += len;
	sum_add(&w->sse.out, data, len);
}

static void
open_watchers(struct watch *watch, const struct sockaddr_in *addr)
{
	http_body_fn *body = watch->raw ? on_raw_bytes : on_event_bytes;

	for (size_t i = 0; i < watch->n; i++) {
		struct watcher *w = &watch->watchers[i];
		struct epoll_event event = { .events = EPOLLIN, .data.ptr = w };
		int r = http_open(&w->http, addr, body, w);

		if (r == 0)
			r = http_send(&w->http, "GET", watch->path, NULL);
		if (r < 0)
			errx(1, "watcher %zu: %s", i, strerror(-r));
		if (epoll_ctl(watch->epoll, EPOLL_CTL_ADD, w->http.fd, &event) <
			0)
			err(1, "epoll_ctl");
		watch->open++;
	}
}

static void
serve(struct watch *watch)
{
	struct epoll_event events[256];
	int n = epoll_wait(watch->epoll, events, 256, 60000);

	if (n == 0)
		errx(1, "nothing for 60 s; %zu watchers open", watch->open);
	for (int i = 0; i < n; i++) {
		struct watcher *w = events[i].data.ptr;
		int r = http_read(&w->http);

		if (r == HTTP_MORE)
			continue;
		w->ended = r == HTTP_DONE && w->http.status == 200;
		http_close(&w->http);
		watch->open--;
	}
}

static int
report(const struct watch *watch, double seconds)
{
	const struct sum *first = &watch->watchers[0].sse.out;
	size_t complete = 0, same = 0;
	uint64_t wire = 0;

	for (size_t i = 0; i < watch->n; i++) {
		const struct watcher *w = &watch->watchers[i];

		wire += w->wire;
		complete += w->ended && (watch->raw || w->sse.finals == 1);
		same += w->sse.out.bytes == first->bytes &&
			sum_value(&w->sse.out) == sum_value(first);
	}
	printf("{\"seconds\": %.4f, \"bytes\": %llu, \"sum\": \"%016llx\", "
	       "\"watchers\": %zu, \"complete\": %zu, \"same\": %zu, "
	       "\"wire_bytes\": %llu}\n",
		seconds, (unsigned long long)first->bytes,
		(unsigned long long)sum_value(first), watch->n, complete, same,
		(unsigned long long)wire);
	return complete != watch->n || same != watch->n;
}

int
main(int argc, char **argv)
{
	struct watch watch = { 0 };
	AUTO_BUF struct buf reply = { 0 };
	AUTO_FREE char *body = NULL;
	struct sockaddr_in addr;
	char id[CLIENT_ID];
	struct http http;
	uint64_t n;
	int64_t start;
	int r;

	if (argc != 6 || parse_u64(argv[3], 1, 100000, &n) < 0 ||
		(strcmp(argv[4], "sse") != 0 && strcmp(argv[4], "output") != 0))
		errx(2, "usage: watch ADDRESS AGENT WATCHERS sse|output CMD");
	(void)fd_raise_limit(); /* too low shows when a socket fails */
	http_address(argv[1], &addr);
	watch.raw = !strcmp(argv[4], "output");
	watch.n = n;
	watch.watchers = calloc(n, sizeof(*watch.watchers));
	watch.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!watch.watchers || watch.epoll < 0)
		err(1, "start");
	r = http_open(&http, &addr, NULL, NULL);
	if (r < 0)
		errx(1, "%s: %s", argv[1], strerror(-r));
	body = client_body(argv[2], NULL, argv[5]);
	start = clock_us();
	client_create(&http, body, &reply, id);
	if (watch.raw)
		snprintf(watch.path, sizeof(watch.path),
			"/tasks/%s/output?stream=stdout&follow=1", id);
	else
		snprintf(watch.path, sizeof(watch.path), "/stream?ref=%s", id);
	open_watchers(&watch, &addr);
	while (watch.open)
		serve(&watch);
	r = report(&watch, (double)(clock_us() - start) / 1e6);
	http_close(&http);
	for (size_t i = 0; i < n; i++)
		sse_done(&watch.watchers[i].sse);
	free(watch.watchers);
	return r;
}
