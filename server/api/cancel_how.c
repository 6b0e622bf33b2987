/* cancel_how.c - what a request says about how to cancel, from query and body */
#include "api/cancel_how.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/internal.h"
#include "base/limits.h"
#include "base/parse.h"
#include "json/json.h"
#include "task/reason.h"

enum {
	WAIT_DEFAULT = -1, /* the grace and then some */
	WAIT_EXTRA_MS = 5000,
	WAIT_MAX_S = 3600,
};

static int
set_code(struct cancel_how *h, const char *text, struct err *err)
{
	uint32_t code;

	/* 2xx and 4xx are what nodelink itself says. */
	if (reason_parse(text, &code) < 0 ||
		(code / 100 != 1 && code / 100 != 3 && code != REASON_SITE))
		return err_set(err, -EINVAL,
			"'code': expected a code of the 1xx or 3xx range such "
			"as user_request or 302, or a name of your own such as "
			"x.acme.rollout, got \"%.64s\"",
			text);
	h->how.code = code;
	h->how.name = NULL;
	if (code == REASON_SITE) {
		(void)snprintf(h->name, sizeof h->name, "%s", text);
		h->how.name = h->name;
	}
	return 0;
}

static int
set_reason(struct cancel_how *h, const char *text, struct err *err)
{
	size_t n = strlen(text);

	if (n > LIMIT_REASON)
		return err_set(err, -EINVAL,
			"'reason': %zu bytes, at most %d are allowed", n,
			LIMIT_REASON);
	memcpy(h->reason, text, n + 1);
	h->how.reason = h->reason;
	return 0;
}

static int
read_body(struct cancel_how *h, const struct http_request *req, struct err *err)
{
	static const char *const names[] = { "reason", "code", "grace",
		"force" };
	AUTO(json_decref) json_t *o = NULL;
	const char *reason = NULL;
	char code[JSON_SHOW];
	const json_t *value;
	bool force = false;
	int r;

	if (!http_body(req)->len)
		return 0;
	r = body_object(req, names, ARRAY_SIZE(names), &o, err);
	if (r == 0)
		r = json_get_text(o, "reason", LIMIT_REASON, &reason, err);
	if (r == JSON_GOT)
		r = set_reason(h, reason, err);
	if (r >= 0)
		r = json_get_duration(
			o, "grace", LIMIT_GRACE_S, &h->how.grace_ms, err);
	if (r >= 0)
		r = json_get_bool(o, "force", &force, err);
	if (force)
		h->how.grace_ms = 0;
	value = json_object_get(o, "code");
	if (r >= 0 && json_plain_text(value))
		r = set_code(h, json_plain_text(value), err);
	else if (r >= 0 && value && !json_is_null(value))
		r = set_code(h, json_show(value, code), err);
	return r < 0 ? r : 0;
}

static int
query_duration(struct http_request *req, const char *name, int64_t max_s,
	int64_t *out, struct err *err)
{
	const char *text = http_query(req, name);
	int64_t ms;

	if (!text)
		return 0;
	if (parse_duration_ms(text, &ms) < 0 || ms < 0 || ms > max_s * 1000)
		return err_set(err, -EINVAL,
			"query '%s': expected seconds 0..%lld or \"500ms\", "
			"got \"%.64s\"",
			name, (long long)max_s, text);
	*out = ms;
	return 0;
}

static int
read_query(struct cancel_how *h, struct http_request *req, struct err *err)
{
	const char *reason = http_query(req, "reason");
	const char *code = http_query(req, "code");
	const char *force = http_query(req, "force");
	const char *prefer = http_header(req, "Prefer");
	bool yes = false;
	int r = 0;

	if (reason)
		r = set_reason(h, reason, err);
	if (r == 0 && code)
		r = set_code(h, code, err);
	if (r == 0)
		r = query_duration(
			req, "grace", LIMIT_GRACE_S, &h->how.grace_ms, err);
	if (r == 0 && force && parse_bool(force, &yes) < 0)
		r = err_set(err, -EINVAL,
			"query 'force': expected 1 or 0, got \"%.64s\"", force);
	if (yes)
		h->how.grace_ms = 0;
	if (prefer && strstr(prefer, "respond-async"))
		h->wait_ms = 0;
	if (r == 0)
		r = query_duration(req, "wait", WAIT_MAX_S, &h->wait_ms, err);
	return r;
}

int
cancel_how_read(struct cancel_how *h, uint32_t code, struct http_request *req,
	struct err *err)
{
	int r;

	h->how = (struct hub_cancel){
		.code = code, .grace_ms = -1, .actor = h->asker.actor
	};
	h->wait_ms = WAIT_DEFAULT;
	asker_read(req, &h->asker);
	r = read_body(h, req, err);
	return r < 0 ? r : read_query(h, req, err);
}

int64_t
cancel_how_wait(const struct cancel_how *h, int64_t grace_ms)
{
	return h->wait_ms == WAIT_DEFAULT ? grace_ms + WAIT_EXTRA_MS
					  : h->wait_ms;
}

bool
cancel_can_verify(struct hub *hub, const struct task *t)
{
	const struct agent *a = hub_agent(hub, t->agent_id);

	return a && a->connected;
}
