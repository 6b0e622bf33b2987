/* limits.c - how much one client may ask for: wrong tokens, calls, open requests */
#include "api/limits.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/rates.h"
#include "base/shares.h"

static const char logins[] = "too_many_logins", calls[] = "too_many_calls",
		  requests[] = "too_many_requests";

struct limits {
	struct rates *logins, *calls; /* NULL: without limit */
	struct shares *open; /* likewise */
	struct metric *refused;
};

struct limits *
limits_new(const struct limits_conf *conf, struct metrics *metrics)
{
	AUTO(limits_free) struct limits *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->refused = metric_new(metrics,
		&(struct metric_def){ .type = METRIC_COUNTER,
			.name = "nodelink_http_limited",
			.help = "Requests that were refused (429) since their "
				"client has too many, by the code of the "
				"error.",
			.labels = { "code" },
			.max = 3 });
	metric_add(l->refused, METRIC_OF(logins), 0);
	metric_add(l->refused, METRIC_OF(calls), 0);
	metric_add(l->refused, METRIC_OF(requests), 0);
	if (conf->failed_logins) {
		l->logins = rates_new(
			conf->failed_logins, 60 * 1000, conf->failed_logins);
		if (!l->logins)
			return NULL;
	}
	if (conf->calls_per_second) {
		l->calls = rates_new(
			conf->calls_per_second, 1000, conf->calls_per_second);
		if (!l->calls)
			return NULL;
	}
	if (conf->open_requests) {
		l->open = shares_new(conf->open_requests);
		if (!l->open)
			return NULL;
	}
	return TAKE(l);
}

void
limits_free(struct limits *l)
{
	if (!l)
		return;
	rates_free(l->logins);
	rates_free(l->calls);
	shares_free(l->open); /* no client is left without a request */
	free(l);
}

static void
too_many(struct limits *l, struct http_request *req, int64_t wait_ms,
	const char *code, const char *text)
{
	char seconds[24];

	metric_add(l->refused, METRIC_OF(code), 1);
	(void)snprintf(seconds, sizeof seconds, "%lld",
		(long long)(wait_ms + 999) / 1000);
	http_add_header(req, "Retry-After", seconds);
	http_reply_error(req, 429, code, NULL, "%s", text);
}

/* Under which name this request is counted. A token's id is no address. */
static const char *
name_of(struct http_request *req, const char *token_id, char out[RATES_NAME])
{
	char peer[HTTP_PEER];

	if (!token_id)
		return rates_address(http_peer(req, peer), out);
	(void)snprintf(out, RATES_NAME, "token %s", token_id);
	return out;
}

bool
limits_login_failed(struct limits *l, struct http_request *req)
{
	char name[RATES_NAME];
	int64_t wait_ms =
		l && l->logins ? rates_take(l->logins, name_of(req, NULL, name))
			       : 0;

	if (!wait_ms)
		return true;
	too_many(l, req, wait_ms, logins,
		"too many wrong tokens came from this address");
	return false;
}

/* ----------------------------------------------------------- open requests */

static void
request_over(void *arg)
{
	share_give_back(arg);
}

static bool
take_share(struct limits *l, struct http_request *req, const char *name)
{
	struct share *share;

	switch (shares_take(l->open, name, &share)) {
	case SHARES_OK: http_at_end(req, request_over, share); return true;
	case SHARES_FULL:
		too_many(l, req, 1000, requests,
			"this client has too many requests open");
		return false;
	default: return true; /* no memory: the handler will notice */
	}
}

static bool
take(struct limits *l, struct http_request *req, const char *name)
{
	int64_t wait_ms = l->calls ? rates_take(l->calls, name) : 0;

	if (wait_ms) {
		too_many(l, req, wait_ms, calls, "this client calls too often");
		return false;
	}
	return !l->open || take_share(l, req, name);
}

bool
limits_call(struct limits *l, struct http_request *req, const char *token_id)
{
	char name[RATES_NAME];

	return !l || take(l, req, name_of(req, token_id, name));
}

bool
limits_refused(struct limits *l, struct http_request *req)
{
	char address[RATES_NAME], name[RATES_NAME + sizeof "bad "];

	if (!l)
		return true;
	(void)snprintf(
		name, sizeof name, "bad %s", name_of(req, NULL, address));
	return take(l, req, name);
}
