/* api.h - the HTTP API: from requests to the hub and back
 *
 * One file per subject; routes.c is the table of contents. Nothing here keeps
 * state beyond the requests that wait. nodelink-api(7) is the manual. */
#ifndef NODELINK_API_API_H
#define NODELINK_API_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/http.h"
#include "hub/hub.h"
#include "loop/loop.h"
#include "store/store.h"

struct api { /* the arg of all handlers; filled in by main() */
	struct loop *loop;
	struct hub *hub;
	struct store *store;
	int64_t started_at; /* wall ms */
	struct key_use *keys; /* keys.c: in use, by name */
};

extern const struct http_route api_routes[];
extern const size_t api_n_routes;

#endif
