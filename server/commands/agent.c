/* agent.c - agent-token, agent list, revoke, allow; enroll-token: who may
 * connect as an agent */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "commands/commands.h"
#include "json/emit.h"

enum { DAY_MS = 24 * 3600 * 1000 };

/* ---------------------------------------------------------------- agent-token */

static const struct conf_item token_items[] = {
	{ .key = "overlap",
		.flag = "overlap",
		.type = CONF_DURATION,
		.fallback = "1h",
		.max = 30LL * DAY_MS,
		.help = "how long its former token works on" },
};

static int
token(const struct command_call *call, struct err *err)
{
	const char *agent_id = call->words[0];
	char text[AUTH_SECRET];
	int r = auth_agent_token_new(call->auth, agent_id,
		conf_number(call->conf, "overlap"), text, err);

	if (r < 0)
		return r;
	(void)puts(text);
	explicit_bzero(text, sizeof text);
	command_say("The token of agent '%s'. It is shown this once: write it "
		    "into a file of mode 0600 on its host, and name that in "
		    "nodelink-agent.conf, section [agent], token_file.",
		agent_id);
	return command_flush(err);
}

const struct command command_agent_token = {
	.name = "agent-token",
	.action = "agent.token",
	.words = "AGENT",
	.summary = "Makes a new token for an agent, and lets it in.",
	.items = token_items,
	.n_items = ARRAY_SIZE(token_items),
	.setting = "auth",
	.run = token,
};

/* ----------------------------------------------------------------- agent list */

static int
emit_agent(void *arg, const struct auth_agent *a)
{
	struct emit *e = arg;

	emit_object(e, NULL);
	emit_text(e, "agent_id", a->id);
	emit_bool(e, "token", a->has_token);
	emit_bool(e, "certificate", a->has_certificate);
	emit_time(e, "created_at", a->created_at);
	emit_time(e, "revoked_at", a->revoked_at);
	emit_object_end(e);
	return 0;
}

static const char *
by_what(const struct auth_agent *a)
{
	if (a->revoked_at)
		return "revoked";
	if (a->has_token)
		return a->has_certificate ? "token, certificate" : "token";
	return a->has_certificate ? "certificate" : "-";
}

static int
print_agent(void *arg, const struct auth_agent *a)
{
	char when[CLOCK_TEXT];

	(void)arg;
	(void)printf("%-18s  %-24s  %s\n", by_what(a),
		clock_text(a->revoked_at ? a->revoked_at : a->created_at, when),
		a->id);
	return 0;
}

static void
emit_all(struct emit *e, struct auth *auth)
{
	(void)auth_agents_each(auth, emit_agent, e);
}

static int
list(const struct command_call *call, struct err *err)
{
	if (conf_bool(call->conf, "json"))
		return command_print_json(call, emit_all, err);
	(void)printf("%-18s  %-24s  %s\n", "by", "since", "agent");
	(void)auth_agents_each(call->auth, print_agent, NULL);
	return command_flush(err);
}

const struct command command_agent_list = {
	.name = "agent list",
	.summary = "Lists the agents that may connect, and those that may no "
		   "longer.",
	.items = command_json_items,
	.n_items = COMMAND_JSON_ITEMS,
	.setting = "auth",
	.run = list,
};

/* ------------------------------------------------------- agent revoke, allow */

static int
bar(const struct command_call *call, struct err *err)
{
	int r = auth_agent_revoke(call->auth, call->words[0], err);

	if (r == AUTH_UNKNOWN)
		command_say("No agent '%s' was known; it is barred from now "
			    "on.",
			call->words[0]);
	return r < 0 ? r : 0;
}

const struct command command_agent_revoke = {
	.name = "agent revoke",
	.action = "agent.revoke",
	.words = "AGENT",
	.summary = "Bars an agent: its tokens and certificates end, its stream "
		   "is cut.",
	.setting = "auth",
	.run = bar,
};

static int
allow(const struct command_call *call, struct err *err)
{
	return auth_agent_allow(call->auth, call->words[0], err);
}

const struct command command_agent_allow = {
	.name = "agent allow",
	.action = "agent.allow",
	.words = "AGENT",
	.summary = "Lets a revoked agent in again with any certificate in its "
		   "name.",
	.setting = "auth",
	.run = allow,
};

/* --------------------------------------------------------------- enroll-token */

static const struct conf_item enroll_items[] = {
	{ .key = "for",
		.flag = "for",
		.arg = "PATTERN",
		.fallback = "*",
		.help = "agent ids that it is good for, * and ? as in a "
			"shell" },
	{ .key = "expires",
		.flag = "expires",
		.type = CONF_DURATION,
		.fallback = "1h",
		.min = 1000,
		.max = 365LL * DAY_MS,
		.help = "how long it is good" },
};

static int
enroll(const struct command_call *call, struct err *err)
{
	const char *pattern = conf_text(call->conf, "for");
	int64_t until = clock_wall_ms() + conf_number(call->conf, "expires");
	char text[AUTH_SECRET], when[CLOCK_TEXT];
	int r = auth_enrol_new(call->auth, pattern, until, text, err);

	if (r < 0)
		return r;
	(void)puts(text);
	explicit_bzero(text, sizeof text);
	command_say("Good once, until %s, for an agent '%s'; on its host: "
		    "nodelink-agent enroll --token-file FILE",
		clock_text(until, when), pattern);
	return command_flush(err);
}

const struct command command_enroll_token = {
	.name = "enroll-token",
	.action = "agent.enroll_token",
	.summary = "Makes a token that gets one new agent its certificate.",
	.items = enroll_items,
	.n_items = ARRAY_SIZE(enroll_items),
	.setting = "auth",
	.run = enroll,
};
