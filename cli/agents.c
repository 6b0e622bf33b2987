/* agents.c - nodelink agents: who is there, and one of them in detail */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/facts.h"
#include "cli/http.h"
#include "cli/list.h"
#include "cli/look.h"
#include "cli/record.h"
#include "cli/verb.h"
#include "cli/when.h"

/* The worst that can be said of it. */
static const char *
state_of(const json_t *agent, enum term_style *style)
{
	*style = TERM_RED;
	if (!record_bool(agent, "connected"))
		return "away";
	if (record_bool(agent, "degraded"))
		return "degraded";
	*style = TERM_YELLOW;
	if (record_has(agent, "draining"))
		return "draining";
	*style = TERM_GREEN;
	return "connected";
}

/* "3m ago", or "now" for who is connected. */
static const char *
seen(const json_t *agent, int64_t now, char out[WHEN_TEXT])
{
	int64_t at = record_time(agent, "seen_at");

	if (record_bool(agent, "connected"))
		(void)snprintf(out, WHEN_TEXT, "now");
	else if (at)
		when_age(now - at, out);
	else
		(void)snprintf(out, WHEN_TEXT, "never");
	return out;
}

/* --------------------------------------------------------------------- list */

enum { AGENT, STATE, TASKS, SEEN, HOST, VERSION, PLUGINS, COLUMNS };

static const struct table_column columns[COLUMNS] = {
	[AGENT] = { .title = "AGENT" },
	[STATE] = { .title = "STATE" },
	[TASKS] = { .title = "TASKS", .right = true },
	[SEEN] = { .title = "SEEN", .right = true },
	[HOST] = { .title = "HOST", .gives = true },
	[VERSION] = { .title = "VERSION" },
	[PLUGINS] = { .title = "PLUGINS", .gives = true },
};

/* Those that take no tasks stand in parentheses. */
static int
add_plugins(struct buf *out, const json_t *agent)
{
	const json_t *plugin;
	size_t i;
	int r = 0;

	json_array_foreach(record_list(agent, "plugins"), i, plugin)
	{
		bool takes = record_bool(plugin, "up") &&
			     !record_bool(plugin, "draining");

		if (r == 0)
			r = buf_printf(out, "%s%s%s%s", i ? " " : "",
				takes ? "" : "(", http_text(plugin, "name"),
				takes ? "" : ")");
	}
	return r;
}

static int
add_agent(struct table *table, const json_t *agent, int64_t now,
	const struct term *term)
{
	AUTO_BUF struct buf plugins = { 0 };
	enum term_style style;
	const char *state = state_of(agent, &style);
	char tasks[24], when[WHEN_TEXT];
	int r = add_plugins(&plugins, agent);
	const struct table_cell cells[COLUMNS] = {
		[AGENT] = { .text = http_text(agent, "agent_id") },
		[STATE] = { state, term_style(term, style) },
		[TASKS] = { .text = tasks },
		[SEEN] = { .text = seen(agent, now, when) },
		[HOST] = { .text = http_text(agent, "hostname") },
		[VERSION] = { .text = http_text(agent, "version") },
		[PLUGINS] = { .text = buf_text(&plugins) },
	};

	(void)snprintf(
		tasks, sizeof tasks, "%" PRIi64, record_number(agent, "tasks"));
	return r < 0 ? r : table_row(table, cells);
}

static int
print_list(struct verb_call *call, const json_t *agents, struct err *err)
{
	static const struct look_list all = { columns, COLUMNS, add_agent };

	if (!json_array_size(agents)) {
		say("no agent has been here yet; nodelink-agent(8) tells how "
		    "to start one");
		return 0;
	}
	return look_list(&all, agents, &call->out, err);
}

/* ------------------------------------------------------------------ one of them */

static void
add_drain(struct facts *f, const json_t *agent)
{
	const json_t *drain = record_object(agent, "draining");
	const char *until = http_text(drain, "until");
	const char *reason = http_text(drain, "reason");

	if (drain)
		facts_addf(f, "draining", TERM_YELLOW,
			"since %s%s%s, by %s%s%s", http_text(drain, "since"),
			*until ? " until " : "", until,
			http_text(drain, "actor"), *reason ? ": " : "", reason);
}

static void
add_certificate(struct facts *f, const json_t *agent, int64_t now)
{
	int64_t end = record_time(agent, "certificate_expires_at");

	if (end)
		facts_addf(f, "certificate", end > now ? TERM_PLAIN : TERM_RED,
			"%s %s", end > now ? "until" : "has ended on",
			http_text(agent, "certificate_expires_at"));
}

/* "pids memory cpu (cgroup1), open_files file_size (rlimit)" */
static void
add_limits(struct facts *f, json_t *limits)
{
	AUTO_BUF struct buf out = { 0 };
	const char *name, *before = "";
	json_t *value;
	int r = 0;

	json_object_foreach(limits, name, value)
	{
		const char *by = json_plain_text(value);

		by = by ? by : "";
		if (r == 0 && *before && strcmp(by, before) != 0)
			r = buf_printf(&out, " by %s,", before);
		if (r == 0)
			r = buf_printf(&out, "%s%s", out.len ? " " : "", name);
		before = by;
	}
	if (r == 0 && out.len)
		r = buf_printf(&out, " by %s", before);
	if (r < 0)
		f->r = r;
	facts_add(f, "limits", buf_text(&out));
}

static int
print_plugin(struct verb_call *call, const json_t *plugin, struct err *err)
{
	const char *seccomp = http_text(plugin, "seccomp");
	AUTO_BUF struct buf state = { 0 };
	AUTO_FACTS struct facts f;

	facts_init(&f, &call->out);
	facts_addf(&f, "plugin", TERM_BOLD, "%s %s", http_text(plugin, "name"),
		http_text(plugin, "version"));
	if (list_plugin_state(plugin, &state) < 0)
		f.r = -ENOMEM;
	facts_addf(&f, "state", TERM_YELLOW, "%s", buf_text(&state));
	facts_add(&f, "does", http_text(plugin, "summary"));
	facts_addf(&f, "holds by", TERM_PLAIN, "%s%s%s%s",
		http_text(plugin, "containment"),
		record_bool(plugin, "complete") ? ", which nothing can leave"
						: ", which can be left",
		*seccomp ? ", seccomp " : "", seccomp);
	add_limits(&f, record_object(plugin, "limits"));
	(void)putchar('\n');
	return facts_print(&f, err);
}

static int
print_agent(struct verb_call *call, const json_t *agent, struct err *err)
{
	int64_t now = clock_wall_ms();
	const json_t *plugin;
	enum term_style style;
	const char *state = state_of(agent, &style);
	char when[WHEN_TEXT];
	AUTO_FACTS struct facts f;
	size_t i;
	int r;

	facts_init(&f, &call->out);
	facts_add(&f, "agent", http_text(agent, "agent_id"));
	if (record_bool(agent, "connected"))
		facts_addf(&f, "state", style, "%s, here for %s", state,
			when_span(now - record_time(agent, "connected_at"),
				when));
	else
		facts_addf(&f, "state", style, "%s, last seen %s", state,
			http_text(agent, "seen_at"));
	add_drain(&f, agent);
	add_certificate(&f, agent, now);
	facts_addf(&f, "tasks", TERM_PLAIN, "%" PRIi64 " unfinished",
		record_number(agent, "tasks"));
	facts_add(&f, "host", http_text(agent, "hostname"));
	facts_add(&f, "peer", http_text(agent, "peer"));
	facts_add(&f, "version", http_text(agent, "version"));
	r = facts_print(&f, err);
	json_array_foreach(record_list(agent, "plugins"), i, plugin)
	{
		if (r == 0)
			r = print_plugin(call, plugin, err);
	}

	return r;
}

static int
run(struct verb_call *call, struct err *err)
{
	AUTO(http_free) struct http *http = NULL;
	AUTO(json_decref) json_t *agents = NULL;
	const char *agent = call->n_words ? call->words[0] : NULL;
	int r = http_new(&call->context, &http, err);

	if (r == 0)
		r = list_agents(http, agent, &agents, err);
	if (r < 0)
		return r;
	if (call->json)
		return verb_print_json(agents, err);
	return agent ? print_agent(call, agents, err)
		     : print_list(call, agents, err);
}

const struct verb verb_agents = {
	.name = "agents",
	.group = "Agents",
	.words = "[AGENT]",
	.summary = "Lists the agents, or shows one of them.",
	.page = "nodelink-agents(1)",
	.run = run,
};
