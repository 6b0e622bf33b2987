/* hold.c - many tasks that only sleep, for measuring what they cost
 *
 *	hold ADDRESS AGENT COUNT
 *
 * Creates COUNT tasks `exec sleep 3600`, prints "running" once each of them
 * runs, waits for the end of its standard input, cancels them all with
 * force, and prints how many of the answers were 200. */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "bench/client.h"
#include "bench/http.h"

int
main(int argc, char **argv)
{
	struct sockaddr_in addr;
	AUTO_BUF struct buf reply = { 0 };
	AUTO_FREE char *body = NULL;
	unsigned long gone = 0;
	char(*ids)[CLIENT_ID];
	struct http http;
	uint64_t count;
	char byte;
	int r;

	if (argc != 4 || parse_u64(argv[3], 1, 100000, &count) < 0)
		errx(2, "usage: hold ADDRESS AGENT COUNT");
	http_address(argv[1], &addr);
	body = client_body(argv[2], NULL, "exec sleep 3600");
	ids = calloc(count, sizeof(*ids));
	if (!ids)
		err(1, "start");
	r = http_open(&http, &addr, NULL, NULL);
	if (r < 0)
		errx(1, "%s: %s", argv[1], strerror(-r));
	for (uint64_t i = 0; i < count; i++)
		client_create(&http, body, &reply, ids[i]);
	for (uint64_t i = 0; i < count; i++)
		(void)client_await_pid(&http, ids[i], &reply);
	printf("running\n");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	for (uint64_t i = 0; i < count; i++)
		gone += client_cancel(&http, ids[i], true, &reply) == 200;
	http_close(&http);
	printf("%lu\n", gone);
	free(ids);
	return gone != count;
}
