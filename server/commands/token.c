/* token.c - token create, token list, token revoke: clients' tokens */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth/json.h"
#include "base/clock.h"
#include "base/limits.h"
#include "commands/commands.h"
#include "json/emit.h"

/* --------------------------------------------------------------------- create */

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
		.arg = "NAME=VALUE",
		.many = true,
		.help = "only for tasks with this label; may be given again" },
	{ .key = "expires",
		.flag = "expires",
		.type = CONF_DURATION,
		.fallback = AUTH_TOKEN_EXPIRES,
		.max = LIMIT_TOKEN_S * 1000LL,
		.help = "how long it is good; 0: for ever" },
};

static int
read_labels(const struct conf *conf, struct label labels[LIMIT_LABELS],
	size_t *n, struct err *err)
{
	char *const *texts;
	size_t n_texts = conf_texts(conf, "label", &texts);

	if (n_texts > LIMIT_LABELS)
		return err_set(
			err, -EINVAL, "--label: more than %d", LIMIT_LABELS);
	for (size_t i = 0; i < n_texts; i++) {
		char *value = strchr(texts[i], '=');

		if (!value || value == texts[i])
			return err_set(err, -EINVAL,
				"--label: expected name=value, got '%.64s'",
				texts[i]);
		*value++ = 0;
		labels[(*n)++] = (struct label){ texts[i], value };
	}
	return 0;
}

static int
read_spec(
	const struct conf *conf, struct auth_token_spec *spec, struct err *err)
{
	const char *role = conf_text(conf, "role");
	int64_t expires_ms = conf_number(conf, "expires");

	spec->client = conf_text(conf, "client");
	if (!spec->client)
		return err_set(err, -EINVAL, "--client NAME is needed");
	spec->role = role ? auth_role_parse(role) : AUTH_ROLES;
	if (spec->role == AUTH_ROLES)
		return err_set(err, -EINVAL,
			"--role: expected viewer, operator or admin%s%.64s%s",
			role ? ", got '" : "", role ? role : "",
			role ? "'" : "");
	if (expires_ms)
		spec->expires_at = clock_wall_ms() + expires_ms;
	return 0;
}

static int
create(const struct command_call *call, struct err *err)
{
	struct label labels[LIMIT_LABELS];
	struct auth_token_spec spec = { .labels = labels };
	char token[AUTH_SECRET], when[CLOCK_TEXT];
	int r = read_spec(call->conf, &spec, err);

	if (r == 0)
		r = read_labels(call->conf, labels, &spec.n_labels, err);
	if (r == 0)
		r = auth_token_new(call->auth, &spec, token, err);
	if (r < 0)
		return r;
	(void)puts(token);
	explicit_bzero(token, sizeof token);
	command_say("The token of '%s', %s, good %s%s. It is shown this once: "
		    "keep it, and send it as \"Authorization: Bearer TOKEN\".",
		spec.client, auth_role_name(spec.role),
		spec.expires_at ? "until " : "for ever",
		spec.expires_at ? clock_text(spec.expires_at, when) : "");
	return command_flush(err);
}

const struct command command_token_create = {
	.name = "token create",
	.action = "token.create",
	.summary = "Makes a token for a client of the HTTP API.",
	.items = create_items,
	.n_items = ARRAY_SIZE(create_items),
	.setting = "auth",
	.run = create,
};

/* ----------------------------------------------------------------------- list */

static int
emit_token(void *arg, const struct auth_token *t)
{
	struct emit *e = arg;

	emit_object(e, NULL);
	auth_token_json(e, t);
	emit_object_end(e);
	return 0;
}

static int
print_token(void *arg, const struct auth_token *t)
{
	char created[CLOCK_TEXT], expires[CLOCK_TEXT], used[CLOCK_TEXT];

	(void)arg;
	(void)printf("%s  %-8s  %-24s  %-24s  %-24s  %s", t->id,
		auth_role_name(t->role), clock_text(t->created_at, created),
		t->expires_at ? clock_text(t->expires_at, expires) : "never",
		t->used_at ? clock_text(t->used_at, used) : "never", t->client);
	for (size_t i = 0; i < t->n_labels; i++)
		(void)printf("%s%s=%s", i ? "," : "  ", t->labels[i].name,
			t->labels[i].value);
	(void)putchar('\n');
	return 0;
}

static void
emit_all(struct emit *e, struct auth *auth)
{
	(void)auth_tokens_each(auth, emit_token, e);
}

static int
list(const struct command_call *call, struct err *err)
{
	if (conf_bool(call->conf, "json"))
		return command_print_json(call, emit_all, err);
	(void)printf("%-12s  %-8s  %-24s  %-24s  %-24s  %s\n", "id", "role",
		"created", "expires", "used", "client");
	(void)auth_tokens_each(call->auth, print_token, NULL);
	return command_flush(err);
}

const struct command command_token_list = {
	.name = "token list",
	.summary = "Lists the clients' tokens, without their secrets.",
	.items = command_json_items,
	.n_items = COMMAND_JSON_ITEMS,
	.setting = "auth",
	.run = list,
};

/* --------------------------------------------------------------------- revoke */

static int
end_token(const struct command_call *call, struct err *err)
{
	return auth_token_revoke(call->auth, call->words[0], err);
}

const struct command command_token_revoke = {
	.name = "token revoke",
	.action = "token.revoke",
	.words = "ID",
	.summary = "Ends a client's token; what is open with it is cut.",
	.setting = "auth",
	.run = end_token,
};
