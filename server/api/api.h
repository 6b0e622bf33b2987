/* api.h - the HTTP API: from requests to the hub and back
 *
 * One file per subject; routes.c is the table of contents. Nothing here keeps
 * state beyond the requests that wait, and browsers' sessions. nodelink-api(7)
 * is the manual. */
#ifndef NODELINK_API_API_H
#define NODELINK_API_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/metrics.h"
#include "auth/auth.h"
#include "ca/ca.h"
#include "http/http.h"
#include "hub/hub.h"
#include "loop/loop.h"
#include "metrics/metrics.h"
#include "store/store.h"
#include "webhook/webhook.h"

struct api { /* the arg of all handlers; filled in by main() */
	struct loop *loop;
	struct hub *hub;
	struct store *store;
	struct auth *auth; /* NULL: clients are not asked who they are */
	struct http *http; /* that serves it */
	bool tls; /* clients come over TLS */
	/* Both, or agents cannot enrol. */
	struct ca *ca;
	struct auth *agents_auth;
	int64_t started_at; /* wall ms */
	struct audit *audit; /* NULL: none */
	struct limits *limits; /* NULL: none */
	struct metrics *metrics;
	struct api_counts counts;
	struct webhook *webhook; /* NULL: none */
	struct key_use *keys; /* keys.c: in use, by name */
	struct session *sessions; /* session.c */
};

extern const struct http_route api_routes[];
extern const size_t api_n_routes;
extern const struct http_gate api_gate;

/* For nodelink-server --routes: "GET /tasks viewer", one a line. */
void api_print_routes(void);

/* Something about tokens has changed: cut what was opened with those that are
 * gone. */
void api_recheck(struct api *api);
/* After http_free(), before auth_free(). */
void api_done(struct api *api);

#endif
