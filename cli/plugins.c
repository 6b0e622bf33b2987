/* plugins.c - nodelink plugins: what tasks there can be, and with which fields
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/facts.h"
#include "cli/http.h"
#include "cli/list.h"
#include "cli/look.h"
#include "cli/record.h"
#include "cli/verb.h"

enum { FIELD, TYPE, DEFAULT, HELP, COLUMNS };

static const struct table_column columns[COLUMNS] = {
	[FIELD] = { .title = "FIELD" },
	[TYPE] = { .title = "TYPE" },
	[DEFAULT] = { .title = "DEFAULT", .gives = true },
	[HELP] = { .title = "MEANING", .gives = true },
};

static int
add_field(struct table *table, const json_t *field, int64_t now,
	const struct term *term)
{
	bool required = record_bool(field, "required");
	char type[64];
	const struct table_cell cells[COLUMNS] = {
		[FIELD] = { .text = http_text(field, "name") },
		[TYPE] = { .text = type },
		[DEFAULT] = { required ? "required"
				       : http_text(field, "default"),
			required ? term_style(term, TERM_YELLOW) : NULL },
		[HELP] = { .text = http_text(field, "help") },
	};

	(void)now;
	(void)snprintf(type, sizeof type, "%s%s%s", http_text(field, "type"),
		record_bool(field, "list") ? " list" : "",
		record_bool(field, "secret") ? ", secret" : "");
	return table_row(table, cells);
}

static const struct look_list all_fields = { columns, COLUMNS, add_field };

/* ----------------------------------------------------- the same on many agents */

/* One plugin as it is declared, and the agents that have it so. */
struct kind {
	const json_t *plugin;
	struct buf agents;
};

static bool
is_same(const json_t *a, const json_t *b)
{
	static const char *const members[] = { "name", "version", "summary",
		"params" };

	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (!json_equal(json_object_get(a, members[i]),
			    json_object_get(b, members[i])))
			return false;
	return true;
}

static int
add_to_kinds(struct buf *kinds, const json_t *plugin, const char *agent)
{
	struct kind *k = (struct kind *)kinds->data;
	size_t n = kinds->len / sizeof *k, i = 0;
	const struct kind news = { .plugin = plugin };
	AUTO_BUF struct buf state = { 0 };
	int r = list_plugin_state(plugin, &state);

	while (i < n && !is_same(k[i].plugin, plugin))
		i++;
	if (r == 0 && i == n)
		r = buf_add(kinds, &news, sizeof news);
	if (r < 0)
		return r;
	k = (struct kind *)kinds->data + i;
	return buf_printf(&k->agents, "%s%s%s%s%s", k->agents.len ? ", " : "",
		agent, state.len ? " (" : "", buf_text(&state),
		state.len ? ")" : "");
}

static int
print_kind(struct verb_call *call, const struct kind *kind, struct err *err)
{
	const json_t *plugin = kind->plugin;
	const json_t *fields = record_list(plugin, "params");
	AUTO_FACTS struct facts f;
	int r;

	facts_init(&f, &call->out);
	facts_addf(&f, "plugin", TERM_BOLD, "%s %s", http_text(plugin, "name"),
		http_text(plugin, "version"));
	facts_add(&f, "does", http_text(plugin, "summary"));
	facts_add(&f, "on", buf_text(&kind->agents));
	if (!json_array_size(fields))
		facts_add(&f, "fields", "none");
	r = facts_print(&f, err);
	return r == 0 && json_array_size(fields)
		       ? look_list(&all_fields, fields, &call->out, err)
		       : r;
}

static int
print_kinds(struct verb_call *call, const json_t *agents, struct err *err)
{
	AUTO_BUF struct buf kinds = { 0 };
	const json_t *agent, *plugin;
	size_t i, j, n;
	struct kind *k;
	int r = 0;

	json_array_foreach(agents, i, agent)
	{
		json_array_foreach(record_list(agent, "plugins"), j, plugin)
		{
			if (r == 0 && add_to_kinds(&kinds, plugin,
					      http_text(agent, "agent_id")) < 0)
				r = err_set(err, -ENOMEM, "out of memory");
		}
	}
	k = (struct kind *)kinds.data;
	n = kinds.len / sizeof *k;
	for (i = 0; i < n; i++) {
		if (r == 0 && i)
			(void)putchar('\n');
		if (r == 0)
			r = print_kind(call, &k[i], err);
		buf_done(&k[i].agents);
	}
	if (r == 0 && !n)
		say("no plugin is there");
	return r;
}

/* ---------------------------------------------------------------------- verb */

/* {"agent_id":..., "plugins":[...]} for each. */
static int
print_json(const json_t *agents, struct err *err)
{
	AUTO(json_decref) json_t *out = json_array();
	const json_t *agent;
	size_t i;

	json_array_foreach(agents, i, agent)
	{
		json_t *one = json_pack("{s:O?, s:O?}", "agent_id",
			json_object_get(agent, "agent_id"), "plugins",
			json_object_get(agent, "plugins"));

		if (json_array_append_new(out, one) < 0)
			return err_set(err, -ENOMEM, "out of memory");
	}
	return verb_print_json(out, err);
}

static int
run(struct verb_call *call, struct err *err)
{
	AUTO(http_free) struct http *http = NULL;
	AUTO(json_decref) json_t *found = NULL;
	AUTO(json_decref) json_t *agents = NULL;
	const char *agent = call->n_words ? call->words[0] : NULL;
	int r = http_new(&call->context, &http, err);

	if (r == 0)
		r = list_agents(http, agent, &found, err);
	if (r < 0)
		return r;
	if (agent && !record_list(found, "plugins"))
		return err_set(
			err, -EBADMSG, "the server's list of plugins is none");
	if (agent && call->json)
		return verb_print_json(record_list(found, "plugins"), err);
	agents = agent ? json_pack("[O]", found) : json_incref(found);
	return call->json ? print_json(agents, err)
			  : print_kinds(call, agents, err);
}

const struct verb verb_plugins = {
	.name = "plugins",
	.group = "Agents",
	.words = "[AGENT]",
	.summary = "Shows the plugins of the agents, or of one: what a task of "
		   "theirs can say.",
	.page = "nodelink-agents(1)",
	.run = run,
};
