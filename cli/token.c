/* token.c - nodelink token create, list, revoke: clients' tokens */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/create.h"
#include "cli/http.h"
#include "cli/list.h"
#include "cli/look.h"
#include "cli/record.h"
#include "cli/verb.h"
#include "cli/when.h"

/* -------------------------------------------------------------------- create */

static const struct conf_item create_items[] = {
	{ .key = "client",
		.flag = "client",
		.arg = "NAME",
		.help = "whose token it is: the owner of the tasks that are "
			"made with it" },
	{ .key = "role",
		.flag = "role",
		.arg = "ROLE",
		.help = "viewer, operator or admin" },
	{ .key = "label",
		.flag = "label",
		.short_flag = 'l',
		.arg = "NAME=VALUE",
		.many = true,
		.help = "only for tasks with this label; may be given again" },
	{ .key = "expires",
		.flag = "expires",
		.type = CONF_DURATION,
		.help = "how long it is good, 0: for ever (default: 90d)" },
};

static int
make_body(const struct conf *conf, json_t **out, struct err *err)
{
	bool has_client = conf_text(conf, "client") != NULL;
	AUTO(json_decref) json_t *body = json_object();
	int r = body ? 0 : -ENOMEM;

	if (!has_client || !conf_text(conf, "role"))
		return err_set(err, -EINVAL, "--%s is needed",
			has_client ? "role viewer, operator or admin"
				   : "client NAME");
	if (r == 0)
		r = create_text(body, conf, "client", "client");
	if (r == 0)
		r = create_text(body, conf, "role", "role");
	if (r == 0)
		r = create_pairs(body, conf, "label", "labels", false, err);
	if (r == 0)
		r = create_seconds(body, conf, "expires");
	if (r == -ENOMEM)
		return err_set(err, -EINVAL,
			"a flag is no UTF-8 text, or out of memory");
	if (r == 0)
		*out = TAKE(body);
	return r;
}

static int
create(struct verb_call *call, struct err *err)
{
	AUTO(http_free) struct http *http = NULL;
	AUTO(json_decref) json_t *body = NULL;
	struct http_request request = { .method = "POST", .path = "/tokens" };
	const char *expires;
	HTTP_ANSWER(answer);
	int r = make_body(call->conf, &body, err);

	request.body = body;
	if (r == 0)
		r = http_new(&call->context, &http, err);
	if (r == 0)
		r = http_ask(http, &request, &answer, err);
	if (r < 0)
		return r;
	if (call->json)
		return verb_print_json(answer.doc, err);
	r = look_line(err, "%s", http_text(answer.doc, "token"));
	expires = http_text(answer.doc, "expires_at");
	say("the token of '%s', %s, good %s%s; it is shown this once: keep it "
	    "in a file of mode 0600, for --token-file",
		http_text(answer.doc, "client"), http_text(answer.doc, "role"),
		*expires ? "until " : "for ever", expires);
	return r;
}

const struct verb verb_token_create = {
	.name = "token create",
	.group = "Access",
	.summary = "Makes a token for a client, and prints it.",
	.items = create_items,
	.n_items = ARRAY_SIZE(create_items),
	.page = "nodelink-token(1)",
	.run = create,
};

/* ---------------------------------------------------------------------- list */

enum { ID, CLIENT, ROLE, CREATED, EXPIRES, USED, LABELS, COLUMNS };

static const struct table_column columns[COLUMNS] = {
	[ID] = { .title = "ID" },
	[CLIENT] = { .title = "CLIENT" },
	[ROLE] = { .title = "ROLE" },
	[CREATED] = { .title = "AGE", .right = true },
	[EXPIRES] = { .title = "EXPIRES", .right = true },
	[USED] = { .title = "USED", .right = true },
	[LABELS] = { .title = "LABELS", .gives = true },
};

static int
add_token(struct table *table, const json_t *token, int64_t now,
	const struct term *term)
{
	int64_t expires = record_time(token, "expires_at");
	int64_t used = record_time(token, "used_at");
	char age[WHEN_TEXT], left[WHEN_TEXT], ago[WHEN_TEXT], in[WHEN_TEXT];
	AUTO_BUF struct buf labels = { 0 };
	int r = look_labels(&labels, record_object(token, "labels"));
	struct table_cell cells[COLUMNS] = {
		[ID] = { .text = http_text(token, "id") },
		[CLIENT] = { .text = http_text(token, "client") },
		[ROLE] = { .text = http_text(token, "role") },
		[CREATED] = { .text = age },
		[EXPIRES] = { .text = "never" },
		[USED] = { .text = "never" },
		[LABELS] = { .text = buf_text(&labels) },
	};

	when_age(now - record_time(token, "created_at"), age);
	if (expires > now) {
		(void)snprintf(in, sizeof in, "in %.16s",
			when_age(expires - now, left));
		cells[EXPIRES].text = in;
	} else if (expires) {
		cells[EXPIRES] = (struct table_cell){ "expired",
			term_style(term, TERM_RED) };
	}
	if (used)
		cells[USED].text = when_age(now - used, ago);
	return r < 0 ? r : table_row(table, cells);
}

static int
list(struct verb_call *call, struct err *err)
{
	AUTO(http_free) struct http *http = NULL;
	static const struct look_list all = { columns, COLUMNS, add_token };
	const json_t *tokens;
	HTTP_ANSWER(answer);
	int r = http_new(&call->context, &http, err);

	if (r == 0)
		r = http_get(http, &answer, err, "/tokens");
	if (r < 0)
		return r;
	tokens = record_list(answer.doc, "tokens");
	return call->json ? verb_print_json(tokens, err)
			  : look_list(&all, tokens, &call->out, err);
}

const struct verb verb_token_list = {
	.name = "token list",
	.group = "Access",
	.summary = "Lists the clients' tokens, without their secrets.",
	.page = "nodelink-token(1)",
	.run = list,
};

/* -------------------------------------------------------------------- revoke */

static int
revoke_one(struct http *http, const char *id, json_t *answers, struct err *err)
{
	AUTO_BUF struct buf path = { 0 };
	struct http_request request = { .method = "DELETE" };
	HTTP_ANSWER(answer);
	int r;

	if (buf_add_text(&path, "/tokens/") < 0 || http_escape(&path, id) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	request.path = buf_text(&path);
	r = http_ask(http, &request, &answer, err);
	if (strcmp(http_code(&answer), "no_such_token") == 0)
		return err_set(err, r,
			"there is no token '%s'; \"nodelink token list\" lists "
			"them",
			id);
	if (r == 0 && json_array_append(answers, answer.doc) < 0)
		r = err_set(err, -ENOMEM, "out of memory");
	return r;
}

/* Each of them is tried; the first failure is the result. */
static int
revoke_all(struct verb_call *call, struct err *err)
{
	AUTO(http_free) struct http *http = NULL;
	AUTO(json_decref) json_t *answers = json_array();
	int result = http_new(&call->context, &http, err);

	for (size_t i = 0; i < call->n_words && http; i++) {
		struct err why = { "" };
		int r = revoke_one(http, call->words[i], answers, &why);

		if (r == 0 && !call->json)
			(void)printf("%s revoked\n", call->words[i]);
		if (r < 0)
			say("%s", why.text);
		if (result == 0)
			result = r;
	}
	if (result == 0 && call->json)
		return verb_print_json(answers, err);
	return result;
}

const struct verb verb_token_revoke = {
	.name = "token revoke",
	.group = "Access",
	.words = "ID...",
	.summary = "Ends tokens of clients; what is open with them is cut.",
	.page = "nodelink-token(1)",
	.run = revoke_all,
};
