/* completion.c - nodelink completion: scripts for shells, and what they ask for
 *
 * The scripts are made from the verbs' tables, so they know what this program
 * knows. What only the server knows they ask for by "nodelink completion
 * agents": one line for each, the word, a tab, and what it is. */
#include "cli/completion.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/http.h"
#include "cli/look.h"
#include "cli/record.h"

enum { PATIENCE_MS = 1000 }; /* of somebody who has pressed the tab key */

const char *
completion_of_words(const struct verb *verb)
{
	static const char *const unfinished[] = { "cancel", "wait" };
	const char *words = verb->words ? verb->words : "";

	if (strstr(words, "AGENT"))
		return "agents";
	if (strcmp(words, "SCRIPT") == 0)
		return "=bash zsh";
	if (!strstr(words, "ID") || strcmp(verb->group, "Tasks") != 0)
		return "";
	for (size_t i = 0; i < ARRAY_SIZE(unfinished); i++)
		if (strcmp(verb->name, unfinished[i]) == 0)
			return "unfinished";
	return "tasks";
}

const char *
completion_of_flag(const struct conf_item *item)
{
	static const struct {
		const char *flag, *from;
	} known[] = {
		{ "agent", "agents" },
		{ "context", "contexts" },
		{ "status", "=pending sent in_progress completed failed "
			    "cancelled" },
		{ "role", "=viewer operator admin" },
		{ "color", "=auto always never" },
		{ "pull", "=never missing always" },
		{ "orphans", "=kill wait" },
		{ "seccomp", "=default none" },
		{ "shell", "=bash sh" },
		{ "signal", "=TERM INT HUP QUIT USR1 USR2 KILL" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (item->flag && strcmp(item->flag, known[i].flag) == 0)
			return known[i].from;
	return item->type == CONF_PATH ? "files" : "";
}

size_t
completion_family(size_t first)
{
	const char *name = verbs[first]->name;
	size_t len = strcspn(name, " "), n = 1;

	while (first + n < n_verbs && name[len] &&
		strncmp(verbs[first + n]->name, name, len + 1) == 0)
		n++;
	return n;
}

/* ------------------------------------------------------- what scripts ask for */

/* Tabs and line ends of others would be ours. */
static int
print_word(const char *word, const char *more)
{
	AUTO_BUF struct buf line = { 0 };
	int r = term_safe(&line, word);

	if (r == 0)
		r = buf_add_text(&line, "\t");
	if (r == 0)
		r = term_safe(&line, more);
	if (r == 0)
		(void)puts(buf_text(&line));
	return r;
}

static int
print_agent(const json_t *agent)
{
	return print_word(http_text(agent, "agent_id"),
		record_bool(agent, "connected") ? http_text(agent, "hostname")
						: "away");
}

static int
print_task(const json_t *task)
{
	AUTO_BUF struct buf what = { 0 };
	int r = buf_printf(&what, "%s on %s: ", http_text(task, "status"),
		http_text(task, "agent_id"));

	if (r == 0)
		r = look_what(&what, task);
	return r < 0 ? r
		     : print_word(http_text(task, "task_id"), buf_text(&what));
}

struct source {
	const char *name, *path, *list;
	int (*print)(const json_t *record);
};

static int
print_source(
	struct verb_call *call, const struct source *source, struct err *err)
{
	const struct http_request request = { .path = source->path,
		.wait_ms = PATIENCE_MS };
	AUTO(http_free) struct http *http = NULL;
	const json_t *record;
	HTTP_ANSWER(answer);
	size_t i;
	int r = http_new(&call->context, &http, err);

	if (r == 0)
		r = http_ask(http, &request, &answer, err);
	if (r < 0)
		return r;
	json_array_foreach(record_list(answer.doc, source->list), i, record)
	{
		if (r == 0)
			r = source->print(record);
	}

	return r < 0 ? err_set(err, r, "out of memory") : 0;
}

static int
print_context(void *arg, const char *name, const char *key, const char *value,
	const char *where)
{
	(void)arg;
	(void)where;
	return strcmp(key, "server") == 0 ? print_word(name, value) : 0;
}

static int
run(struct verb_call *call, struct err *err)
{
	static const struct source sources[] = {
		{ "agents", "/agents", "agents", print_agent },
		{ "tasks", "/tasks?limit=100", "tasks", print_task },
		{ "unfinished", "/tasks?status=unfinished&limit=100", "tasks",
			print_task },
	};
	const char *what = call->words[0];
	int r = 1;

	if (strcmp(what, "bash") == 0)
		r = completion_bash();
	else if (strcmp(what, "zsh") == 0)
		r = completion_zsh();
	else if (strcmp(what, "contexts") == 0)
		r = conf_each(call->conf, print_context, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (strcmp(what, sources[i].name) == 0)
			return print_source(call, &sources[i], err);
	if (r > 0)
		return err_set(err, -EINVAL,
			"there is a script for bash and one for zsh, not for "
			"'%.64s'",
			what);
	return r < 0 ? err_set(err, r, "out of memory") : 0;
}

const struct verb verb_completion = {
	.name = "completion",
	.group = "Other",
	.words = "SCRIPT",
	.summary = "Prints the script by which bash or zsh completes command "
		   "lines.",
	.page = "nodelink(1)",
	.run = run,
};
