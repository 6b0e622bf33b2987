/* enroll.c - GET and POST /enroll: an agent gets its certificate
 *
 * Who asks has only a one-time token. It is looked at before the request for a
 * certificate is, and used up by that even if nothing comes of it: nobody gets
 * a second try at our parser. */
#include <errno.h>
#include <string.h>

#include "api/asker.h"
#include "api/internal.h"
#include "api/limits.h"
#include "auth/auth.h"
#include "base/log.h"
#include "base/parse.h"
#include "ca/ca.h"
#include "json/json.h"

#define ACTION "agent.enroll" /* in the audit log */

enum { CSR_MAX = 16 << 10 };

struct enrolment {
	const char *agent_id, *token, *csr;
};

static bool
offered(const struct api *api, struct http_request *req)
{
	if (api->ca && api->agents_auth)
		return true;
	http_reply_error(req, 404, "no_enrolment",
		"it needs [ca] dir and [auth] path in nodelink-server.conf",
		"this server signs no certificates");
	return false;
}

static int
read_member(const json_t *doc, const char *name, size_t max, const char **out,
	struct err *err)
{
	int r = json_get_text(doc, name, max, out, err);

	return r == JSON_ABSENT ? err_set(err, -EINVAL, "'%s' is missing", name)
				: r;
}

/* Texts in *out belong to *doc. */
static int
read_body(const struct http_request *req, json_t **doc, struct enrolment *out,
	struct err *err)
{
	static const char *const names[] = { "agent_id", "token", "csr" };
	int r = body_object(req, names, ARRAY_SIZE(names), doc, err);

	if (r >= 0)
		r = read_member(*doc, "agent_id", ID_LEN, &out->agent_id, err);
	if (r >= 0)
		r = read_member(*doc, "token", AUTH_SECRET, &out->token, err);
	if (r >= 0)
		r = read_member(*doc, "csr", CSR_MAX, &out->csr, err);
	return r < 0 ? r : 0;
}

static void
reply_bad_token(struct api *api, struct http_request *req,
	const struct enrolment *in, int r, const struct err *err)
{
	struct asker asker;

	if (r != -EACCES && r != -EKEYEXPIRED) {
		log_error(0, "%s", err->text);
		reply_failure(req, r, "look the token up");
		return;
	}
	if (!limits_login_failed(api->limits, req))
		return; /* which has replied */
	asker_read(req, &asker);
	asker_refused(api, &asker, ACTION, in->agent_id, NULL, err->text);
	if (r == -EKEYEXPIRED)
		http_reply_error(req, 403, "token_expired", NULL,
			"the enrolment token has expired");
	else
		http_reply_error(req, 403, "bad_token",
			"it is good once, and for certain agent ids only; make "
			"one with: nodelink-server enroll-token --for ID",
			"no such enrolment token for this agent");
}

/* The token was good. 0, or it has been replied why not. */
static int
issue(struct api *api, struct http_request *req, const struct enrolment *in,
	struct ca_issued *out)
{
	struct asker asker;
	struct err err = { "" };
	int r = ca_issue_agent(api->ca, in->agent_id, in->csr, out, &err);

	asker_read(req, &asker);
	if (r == -EINVAL) {
		asker_refused(
			api, &asker, ACTION, in->agent_id, NULL, err.text);
		http_reply_error(req, 400, "bad_csr",
			"the token is used up all the same", "%s", err.text);
		return r;
	}
	if (r == 0 && asker_does(api, &asker, ACTION, in->agent_id,
			      out->facts.serial, NULL) < 0) {
		reply_unnoted(req);
		return -EIO;
	}
	if (r == 0)
		r = auth_agent_issued(api->agents_auth, in->agent_id,
			out->facts.serial, out->facts.not_after, &err);
	if (r < 0) {
		asker_failed(api, &asker, ACTION, in->agent_id, err.text);
		log_error(0, "%s", err.text);
		reply_failure(req, r, "issue a certificate");
	}
	return r;
}

static void
reply_issued(struct api *api, struct http_request *req,
	const struct ca_issued *issued)
{
	struct buf body = { 0 };
	struct emit e;

	emit_init(&e, &body);
	emit_object(&e, NULL);
	emit_text(&e, "certificate", issued->pem);
	emit_text(&e, "ca", ca_pem(api->ca));
	emit_text(&e, "serial", issued->facts.serial);
	emit_time(&e, "not_after", issued->facts.not_after);
	emit_object_end(&e);
	http_reply_json(req, 200, &body, emit_done(&e));
}

static void
enroll(struct api *api, struct http_request *req, const struct enrolment *in)
{
	struct ca_issued issued = { 0 };
	char peer[HTTP_PEER];
	struct err err = { "" };
	int r = auth_enrol_use(api->agents_auth, in->token, in->agent_id, &err);

	if (r < 0) {
		reply_bad_token(api, req, in, r, &err);
		return;
	}
	if (issue(api, req, in, &issued) == 0) {
		log_info("agent '%s' has enrolled from %s, certificate %s",
			in->agent_id, http_peer(req, peer),
			issued.facts.serial);
		reply_issued(api, req, &issued);
	}
	free(issued.pem);
}

/* The token must not be read on the way, nor the CA be another's. */
static bool
is_private(const struct api *api, struct http_request *req)
{
	char peer[HTTP_PEER];

	if (api->tls || parse_is_loopback(http_peer(req, peer)))
		return true;
	http_reply_error(
		req, 403, "tls_required", NULL, "agents enrol over HTTPS only");
	return false;
}

void
api_enroll(void *arg, struct http_request *req)
{
	struct api *api = arg;
	AUTO(json_decref) json_t *doc = NULL;
	struct enrolment in = { 0 };
	struct err err;
	int r;

	if (!offered(api, req) || !is_private(api, req))
		return;
	r = read_body(req, &doc, &in, &err);
	if (r < 0)
		reply_refused(req, r, "bad_request", &err);
	else
		enroll(api, req, &in);
}

void
api_enroll_ca(void *arg, struct http_request *req)
{
	struct api *api = arg;
	struct buf body = { 0 };
	char hash[TLS_HASH];
	struct emit e;

	if (!offered(api, req))
		return;
	ca_hash(api->ca, hash);
	emit_init(&e, &body);
	emit_object(&e, NULL);
	emit_text(&e, "ca", ca_pem(api->ca));
	emit_text(&e, "hash", hash);
	emit_object_end(&e);
	http_reply_json(req, 200, &body, emit_done(&e));
}
