/* client.h - what the measuring clients ask of nodelink-server */
#ifndef NODELINK_BENCH_CLIENT_H
#define NODELINK_BENCH_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "bench/http.h"

enum { CLIENT_ID = 80 };

/* The body of POST /tasks/shell; shell may be NULL. Free with free(). Ends the
 * program when out of memory. */
char *client_body(const char *agent, const char *shell, const char *cmd);

/* The member `name` of a reply, text or number, as text. Not a JSON parser: the
 * first member of that name, wherever it stands. */
bool client_member(const char *json, const char *name, char *out, size_t size);

/* Create a task and wait for the answer; ends the program when refused. */
void client_create(struct http *h, const char *body, struct buf *reply,
	char id[CLIENT_ID]);

/* Ask until the task runs; its pid. Ends the program when it ends first or
 * does not run within 60 s. */
int client_await_pid(struct http *h, const char *id, struct buf *reply);

/* DELETE and wait for the answer, at most as long as the server waits.
 * force: grace 0. Returns the HTTP status. */
int
client_cancel(struct http *h, const char *id, bool force, struct buf *reply);

#endif
