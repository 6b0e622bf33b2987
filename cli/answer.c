/* answer.c - what the server's answer means for a person, and what to do */
#include "cli/answer.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>

void
http_answer_done(struct http_answer *answer)
{
	json_decref(answer->doc);
	*answer = (struct http_answer){ 0 };
}

const char *
http_text(const json_t *object, const char *name)
{
	const char *text = json_plain_text(json_object_get(object, name));

	return text ? text : "";
}

const char *
http_code(const struct http_answer *answer)
{
	return http_text(answer->doc, "code");
}

/* What the server says, with its details or our advice. */
static int
refused(const struct http_answer *answer, int code, const char *advice,
	struct err *err)
{
	const char *error = http_text(answer->doc, "error");
	const char *details = *advice ? "" : http_text(answer->doc, "details");

	return err_set(err, code, "%.300s%s%.200s%s%s%s",
		*error ? error : "the server refuses and does not say why",
		*details ? " (" : "", details, *details ? ")" : "",
		*advice ? "; " : "", advice);
}

static int
unknown_client(const struct context *context, const struct http_answer *answer,
	struct err *err)
{
	if (context->token)
		return refused(answer, -EACCES,
			"the token is that of --token-file, "
			"$NODELINK_TOKEN_FILE or the context",
			err);
	return refused(answer, -EACCES,
		"name a file with one by --token-file, $NODELINK_TOKEN_FILE "
		"or a context. An administrator makes it: nodelink token "
		"create",
		err);
}

bool
http_away(int r)
{
	return r == -EIO || r == -ECONNREFUSED;
}

bool
http_lost(int r, const struct http_answer *answer)
{
	return r == -EIO || answer->status == 502 || answer->status == 504 ||
	       (answer->status == 503 &&
		       strcmp(http_code(answer), "store_full") != 0);
}

bool
http_limited(const struct http_answer *answer)
{
	return answer->status == 429;
}

/* What is not there, and how to find what is. */
static const char *
advice_for(const struct http_answer *answer)
{
	const char *code = http_code(answer);

	if (strcmp(code, "no_such_task") == 0)
		return "\"nodelink ps --all\" lists the tasks";
	return strcmp(code, "no_such_agent") == 0
		       ? "\"nodelink agents\" lists the agents"
		       : "";
}

int
answer_judge(const struct context *context, const struct http_answer *answer,
	struct err *err)
{
	bool ours = answer->doc != NULL;

	if (answer->status >= 200 && answer->status < 300 && ours)
		return 0;
	if (answer->status == 401)
		return unknown_client(context, answer, err);
	if (!ours)
		return err_set(err, -EBADMSG,
			"'%s' is no nodelink-server: it answers with status "
			"%ld and no JSON; --server or $NODELINK_SERVER names "
			"another one",
			context->server, answer->status);
	if (answer->status == 403)
		return refused(answer, -EACCES, "", err);
	if (answer->status == 404 || answer->status == 410)
		return refused(answer, -ENOENT, advice_for(answer), err);
	return refused(answer, -EREMOTEIO, "", err);
}

int
answer_broken(const struct context *context, int code, const char *why,
	struct err *err)
{
	const char *server = context->server;

	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		return err_set(err, -ECONNREFUSED,
			"cannot find the server '%s': %s; --server or "
			"$NODELINK_SERVER names another one",
			server, why);
	case CURLE_COULDNT_CONNECT:
		return err_set(err, -ECONNREFUSED,
			"cannot reach the server '%s': %s; --server or "
			"$NODELINK_SERVER names another one",
			server, why);
	case CURLE_PEER_FAILED_VERIFICATION:
		return err_set(err, -EACCES,
			"the server '%s' is not trusted: %s; --ca FILE or "
			"$NODELINK_CA names the CA that it is known by",
			server, why);
	case CURLE_SSL_CACERT_BADFILE:
		return err_set(err, -EACCES,
			"the file of CAs '%s' cannot be read, or has none: %s",
			context->ca ? context->ca : "", why);
	case CURLE_SSL_CONNECT_ERROR:
		return err_set(err, -EIO,
			"no TLS with '%s': %s; does it begin with http://?",
			server, why);
	case CURLE_UNSUPPORTED_PROTOCOL:
		return err_set(err, -EIO,
			"'%s' does not answer as HTTP does: %s; is that its "
			"port for agents, or does it begin with https://?",
			server, why);
	case CURLE_GOT_NOTHING:
		return err_set(err, -EIO,
			"'%s' ended the connection without an answer; if it "
			"always does: is that its port for agents, or does it "
			"begin with https://?",
			server);
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(err, -EIO, "the server '%s' does not answer: %s",
			server, why);
	case CURLE_OUT_OF_MEMORY: return err_set(err, -ENOMEM, "out of memory");
	default:
		return err_set(err, -EIO, "the connection to '%s' broke: %s",
			server, why);
	}
}
