/* list.c - records of the server, page by page */
#include "cli/list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/record.h"

enum { PAGE = 1000 }; /* the most that the server gives */

int
list_query(struct buf *path, const char *name, const char *value)
{
	char sep = strchr(buf_text(path), '?') ? '&' : '?';
	int r = value ? buf_printf(path, "%c%s=", sep, name) : 0;

	return value && r == 0 ? http_escape(path, value) : r;
}

int
list_get(struct http *http, const char *prefix, const char *word,
	struct http_answer *answer, struct err *err)
{
	AUTO_BUF struct buf path = { 0 };

	if (buf_add_text(&path, prefix) < 0 || http_escape(&path, word) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	return http_get(http, answer, err, "%s", buf_text(&path));
}

int
list_plugin_state(const json_t *plugin, struct buf *out)
{
	const char *reason = http_text(plugin, "draining_reason");

	if (!record_bool(plugin, "up"))
		return buf_add_text(out, "down");
	if (!record_bool(plugin, "draining"))
		return 0;
	return buf_printf(
		out, "takes no new tasks%s%s", *reason ? ": " : "", reason);
}

int
list_no_agent(const char *agent, struct err *err)
{
	return err_set(err, -ENOENT,
		"there is no agent '%s'; \"nodelink agents\" lists them",
		agent);
}

int
list_agents(struct http *http, const char *agent, json_t **out, struct err *err)
{
	HTTP_ANSWER(answer);
	int r;

	if (agent) {
		r = list_get(http, "/agents/", agent, &answer, err);
		if (strcmp(http_code(&answer), "no_such_agent") == 0)
			return list_no_agent(agent, err);
		if (r == 0)
			*out = json_incref(answer.doc);
		return r;
	}
	r = http_get(http, &answer, err, "/agents");
	if (r == 0)
		*out = json_incref(record_list(answer.doc, "agents"));
	return r == 0 && !*out ? err_set(err, -EBADMSG,
					 "the server's list of agents is none")
			       : r;
}

static int
get_page(struct http *http, const char *path, size_t limit, const char *cursor,
	struct http_answer *answer, struct err *err)
{
	AUTO_BUF struct buf page = { 0 };
	char number[24];
	int r = buf_add_text(&page, path);

	(void)snprintf(number, sizeof number, "%zu", limit);
	if (r == 0)
		r = list_query(&page, "limit", number);
	if (r == 0)
		r = list_query(&page, "cursor", cursor);
	if (r < 0)
		return err_set(err, -ENOMEM, "out of memory");
	return http_get(http, answer, err, "%s", buf_text(&page));
}

/* What one page adds to all. One that adds nothing though others follow, or
 * more than it was asked for, is no page: it might go on so for ever. */
static int
take_page(json_t *all, const json_t *doc, size_t wanted, struct buf *cursor,
	struct err *err)
{
	json_t *page = record_list(doc, "tasks");
	const char *next = http_text(doc, "next_cursor");
	size_t n = json_array_size(page);

	if (!page || n > wanted || (!n && *next))
		return err_set(
			err, -EBADMSG, "the server's list of tasks is none");
	buf_clear(cursor);
	if (json_array_extend(all, page) < 0 || buf_add_text(cursor, next) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	return 0;
}

int
list_tasks(struct http *http, const char *path, size_t limit, json_t **out,
	bool *more, struct err *err)
{
	AUTO(json_decref) json_t *all = json_array();
	AUTO_BUF struct buf cursor = { 0 };
	int r = all ? 0 : err_set(err, -ENOMEM, "out of memory");

	*more = true;
	while (r == 0 && *more) {
		size_t left = limit - json_array_size(all);
		size_t wanted = limit && left < PAGE ? left : PAGE;
		HTTP_ANSWER(answer);

		if (limit && !left)
			break;
		r = get_page(http, path, wanted,
			cursor.len ? buf_text(&cursor) : NULL, &answer, err);
		if (r == 0)
			r = take_page(all, answer.doc, wanted, &cursor, err);
		*more = cursor.len > 0;
	}
	if (r == 0)
		*out = TAKE(all);
	return r;
}
