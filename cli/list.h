/* list.h - records of the server, page by page */
#ifndef NODELINK_CLI_LIST_H
#define NODELINK_CLI_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/http.h"
#include "json/json.h"

/* Appends ?name=value, or &name=value when the path has a query. A value that
 * is NULL appends nothing. 0 or -ENOMEM. */
int list_query(struct buf *path, const char *name, const char *value);

/* GET of "/tasks/ID" and the like: prefix, and a word from the user. As
 * http_get(). */
int list_get(struct http *http, const char *prefix, const char *word,
	struct http_answer *answer, struct err *err);

/* Says that there is none of this name: -ENOENT with text. */
int list_no_agent(const char *agent, struct err *err);

/* The agents, all or this one: an array or an object, the caller's. 0 or -errno
 * with text. */
int list_agents(
	struct http *http, const char *agent, json_t **out, struct err *err);

/* Why a plugin takes no new tasks: "down", or "takes no new tasks: ...". Nothing
 * if it does. 0 or -ENOMEM. */
int list_plugin_state(const json_t *plugin, struct buf *out);

/* The tasks of "/tasks?...", newest first, at most `limit` (0: all), as an
 * array that is the caller's. *more: there are others. 0 or -errno with text,
 * as http_ask(). */
int list_tasks(struct http *http, const char *path, size_t limit, json_t **out,
	bool *more, struct err *err);

#endif
