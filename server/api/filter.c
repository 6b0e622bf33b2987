/* filter.c - which tasks a query means: label, agent_id, owner, plugin, status
 */
#include "api/filter.h"

#include <errno.h>
#include <string.h>

#include "api/internal.h"
#include "base/auto.h"
#include "base/limits.h"

static int
add_label(struct filter *f, const char *text)
{
	struct label *l = &f->labels[f->tasks.n_labels];
	size_t n = strcspn(text, "=");
	char *name;

	if (!n)
		return err_set(f->err, -EINVAL,
			"query 'label': expected name or name=value, got "
			"\"%.64s\"",
			text);
	if (f->tasks.n_labels == LIMIT_LABELS)
		return err_set(f->err, -EINVAL, "query 'label': more than %d",
			LIMIT_LABELS);
	name = arena_alloc(&f->arena, n + 1);
	if (!name)
		return -ENOMEM;
	memcpy(name, text, n);
	*l = (struct label){ name, text[n] ? text + n + 1 : NULL };
	f->tasks.n_labels++;
	return 0;
}

static int
set_agent(struct filter *f, const char *text)
{
	f->tasks.agent_id = text;
	return 0;
}

static int
set_owner(struct filter *f, const char *text)
{
	f->tasks.owner = text;
	return 0;
}

static int
set_plugin(struct filter *f, const char *text)
{
	f->tasks.plugin = text;
	return 0;
}

static int
set_status(struct filter *f, const char *text)
{
	enum task_status status;

	if (strcmp(text, "unfinished") == 0) {
		f->tasks.status = STORE_UNFINISHED;
		return 0;
	}
	if (task_status_parse(text, &status) < 0)
		return err_set(f->err, -EINVAL,
			"query 'status': expected pending, sent, in_progress, "
			"unfinished, completed, failed or cancelled, got "
			"\"%.64s\"",
			text);
	f->tasks.status = (int)status;
	return 0;
}

static const struct {
	const char *name;
	int (*set)(struct filter *f, const char *text);
	bool list;
} fields[] = {
	{ "agent_id", set_agent, false },
	{ "label", add_label, true },
	{ "owner", set_owner, false },
	{ "plugin", set_plugin, false },
	{ "status", set_status, false },
};

struct reading {
	struct filter *filter;
	bool seen[ARRAY_SIZE(fields)];
};

static int
read_pair(void *arg, const char *name, const char *value)
{
	struct reading *reading = arg;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (strcmp(fields[i].name, name) != 0)
			continue;
		if (reading->seen[i] && !fields[i].list)
			return err_set(reading->filter->err, -EINVAL,
				"query '%s' is there twice", name);
		reading->seen[i] = true;
		return fields[i].set(reading->filter, value);
	}
	return 0;
}

int
filter_read(struct filter *f, const struct http_request *req, struct err *err)
{
	struct reading reading = { .filter = f };

	f->err = err;
	f->tasks.status = STORE_ANY;
	f->tasks.labels = f->labels;
	return http_query_each(req, read_pair, &reading);
}

int
filter_limit(struct filter *f, const struct user *user)
{
	const struct auth_token *token = user ? user->token : NULL;
	struct label *labels;
	size_t n = f->tasks.n_labels;

	if (!token || !token->n_labels)
		return 0;
	labels = arena_array(&f->arena, n + token->n_labels, sizeof *labels);
	if (!labels)
		return -ENOMEM;
	memcpy(labels, f->labels, n * sizeof *labels);
	memcpy(labels + n, token->labels, token->n_labels * sizeof *labels);
	f->tasks.labels = labels;
	f->tasks.n_labels = n + token->n_labels;
	return 0;
}

void
filter_done(struct filter *f)
{
	arena_done(&f->arena);
}
