/* cancel.c - how long DELETE takes until it says, truly, that a task is gone
 *
 *	cancel ADDRESS AGENT COUNT CMD
 *
 * One task at a time: created, awaited until it runs, given 20 ms so that
 * bash has become the command, cancelled; the time is that of the DELETE. At
 * the moment of the answer the leader's pid must not exist any more: if it
 * does (or the answer is not 200), the task counts as `alive`. */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/parse.h"
#include "bench/client.h"
#include "bench/http.h"
#include "bench/sample.h"

int
main(int argc, char **argv)
{
	AUTO_SAMPLE struct sample latency = { 0 };
	struct sockaddr_in addr;
	AUTO_BUF struct buf reply = { 0 };
	AUTO_FREE char *body = NULL;
	unsigned long alive = 0;
	struct http http;
	uint64_t count;
	int r;

	if (argc != 5 || parse_u64(argv[3], 1, 1000000, &count) < 0)
		errx(2, "usage: cancel ADDRESS AGENT COUNT CMD");
	http_address(argv[1], &addr);
	body = client_body(argv[2], NULL, argv[4]);
	r = http_open(&http, &addr, NULL, NULL);
	if (r < 0)
		errx(1, "%s: %s", argv[1], strerror(-r));
	for (uint64_t i = 0; i < count; i++) {
		char id[CLIENT_ID];
		int64_t start;
		bool gone;
		int pid;

		client_create(&http, body, &reply, id);
		pid = client_await_pid(&http, id, &reply);
		(void)usleep(20000); /* early is harmless */
		start = clock_us();
		r = client_cancel(&http, id, false, &reply);
		gone = kill(pid, 0) < 0 && errno == ESRCH;
		sample_add(&latency, clock_us() - start);
		if (r != 200 || !gone)
			alive++;
	}
	http_close(&http);
	printf("{\"count\": %lu, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
	       "\"alive\": %lu}\n",
		(unsigned long)count, sample_ms(&latency, 50),
		sample_ms(&latency, 99), alive);
	return alive != 0;
}
