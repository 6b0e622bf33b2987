/* client.h - a raw HTTP client for tests, on the same thread as the server
 *
 * It sends exactly the bytes it is given and turns the loop while it waits. */
#ifndef NODELINK_TESTS_SERVER_CLIENT_H
#define NODELINK_TESTS_SERVER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "loop/loop.h"

struct client {
	struct loop *loop;
	int fd;
	bool ended; /* the server closed */
	struct buf in; /* everything received */
};

void client_open(struct client *c, struct loop *loop, uint16_t port);
void client_close(struct client *c);
void client_send(struct client *c, const void *data, size_t len);
void client_say(struct client *c, const char *text);
/* Turn the loop until text is in what came; fails the test when it is
 * not in time. */
void client_wait(struct client *c, const char *text);
void client_wait_end(struct client *c);
/* Send, wait for a whole reply with a Content-Length or the end of the
 * connection, leave it in `in`. */
void client_ask(struct client *c, const char *request);
/* Turn the loop for a while, and often enough for both ends to do what they can,
 * and receive. */
void client_turn(struct client *c, int64_t ms);
/* Find or fail. */
void client_expect(const struct client *c, const char *text);

#endif
