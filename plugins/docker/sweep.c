/* sweep.c - containers that are left of tasks which are no more
 *
 * Of an executor that died, or of a create whose answer was lost. They carry
 * our label and no live task has them. Looked for at the start, after such
 * events, and now and then. When an executor has died, its tasks are not called
 * lost before a list shows none of them. */
#include <jansson.h>
#include <string.h>

#include "engine.h"
#include "task.h"

enum {
	RETRY_MS = 1000,
	RETRY_MAX_MS = 60000,
	USUAL_MS = 5 * 60 * 1000,
	PATIENCE_MS = 60000,
	REMOVALS = 16, /* at a time */
};

static struct {
	struct call *call; /* ping or list */
	int64_t timer, at; /* when it is due, now_ms() */
	int64_t retry_ms;
	bool owed; /* the host waits for our word */
	json_t *list; /* the last one; NULL: all of it was looked at */
	size_t next; /* of it */
	bool found; /* some in it */
	unsigned removing; /* a list shows them until they are gone */
} sweep;

static void
say_left(const char *why)
{
	char text[256];

	(void)snprintf(text, sizeof text, "containers of it%s%s",
		*why ? ": " : "", why);
	if (sweep.owed)
		host->left(host, text);
}

static void
again_later(const char *why)
{
	sweep.retry_ms = sweep.retry_ms ? sweep.retry_ms * 2 : RETRY_MS;
	if (sweep.retry_ms > RETRY_MAX_MS)
		sweep.retry_ms = RETRY_MAX_MS;
	say_left(why);
	if (sweep.retry_ms == RETRY_MS) /* once, not for ever */
		ndl_logf(host, NULL, NDL_WARN,
			"cannot look for containers that are left: engine at '%s': %s",
			engine_socket(), why);
	sweep_soon(sweep.retry_ms);
}

static void look_at_more(void);

static void
on_removed(void *arg, const struct answer *a)
{
	(void)arg;
	sweep.removing--;
	look_at_more();
	if (a->status != 204 && a->status != 404)
		sweep_soon(RETRY_MS);
	else if (sweep.owed && !sweep.removing)
		sweep_soon(0); /* is that all? */
}

static void
remove_one(const char *id, const char *task_id)
{
	char path[128];
	const struct request how = { .method = "DELETE",
		.path = path,
		.timeout_ms = PATIENCE_MS,
		.on_answer = on_removed };

	ndl_logf(host, NULL, NDL_INFO,
		"removing container %.12s, left of task '%.64s'", id, task_id);
	(void)snprintf(path, sizeof path, "/containers/%.72s?v=1&force=1", id);
	if (engine_call(&how))
		sweep.removing++;
	else
		sweep_soon(RETRY_MS);
}

static void
look_at(const json_t *container)
{
	const json_t *labels = json_object_get(container, "Labels");
	const char *task =
		json_string_value(json_object_get(labels, LABEL_TASK));
	const char *agent =
		json_string_value(json_object_get(labels, LABEL_AGENT));
	const char *id = json_string_value(json_object_get(container, "Id"));

	/* The engine has filtered; what it got wrong would be somebody's. */
	if (id && task && agent && strcmp(agent, host->agent) == 0 &&
		!task_is_live(task) && !host->is_elsewhere(host, task)) {
		sweep.found = true;
		remove_one(id, task);
	}
}

static void
look_at_more(void)
{
	while (sweep.next < json_array_size(sweep.list) &&
		sweep.removing < REMOVALS)
		look_at(json_array_get(sweep.list, sweep.next++));
	if (sweep.next < json_array_size(sweep.list))
		return;
	json_decref(sweep.list);
	sweep.list = NULL;
}

static void
on_list(void *arg, const struct answer *a)
{
	json_t *list = json_loadb(a->body, a->len, 0, NULL);

	(void)arg;
	sweep.call = NULL;
	if (a->status == 200 && json_is_array(list)) {
		sweep.retry_ms = 0;
		sweep_soon(USUAL_MS);
		sweep.found = false;
		sweep.list = json_incref(list);
		sweep.next = 0;
		look_at_more();
		if (sweep.owed && !sweep.found) {
			sweep.owed = false;
			host->left(host, NULL);
		}
	} else {
		again_later(a->status ? "it refused" : a->text);
	}
	json_decref(list);
}

static void
list(void)
{
	char filter[160], path[640];
	char *escaped;
	const struct request how = { .method = "GET",
		.path = path,
		.timeout_ms = PATIENCE_MS,
		.on_answer = on_list };

	(void)snprintf(filter, sizeof filter, "{\"label\":[\"%s=%s\"]}",
		LABEL_AGENT, host->agent);
	escaped = engine_escape(filter);
	(void)snprintf(path, sizeof path, "/containers/json?all=1&filters=%s",
		escaped ? escaped : "");
	sweep.call = escaped ? engine_call(&how) : NULL;
	if (!sweep.call)
		again_later("out of memory");
	free(escaped);
}

static void
on_ping(void *arg, const struct answer *a)
{
	(void)arg;
	sweep.call = NULL;
	if (a->status == 200)
		list();
	else
		again_later(a->status ? "it refused" : a->text);
}

static void
due(void *arg)
{
	const struct request how = { .method = "GET",
		.path = "/_ping",
		.timeout_ms = PATIENCE_MS,
		.on_answer = on_ping };

	(void)arg;
	sweep.timer = 0;
	if (sweep.call || sweep.removing) {
		sweep_soon(RETRY_MS);
		return;
	}
	sweep.call = engine_call(&how);
	if (!sweep.call)
		again_later("out of memory");
}

void
sweep_now(void)
{
	sweep.owed = true;
	say_left("");
	sweep_soon(0);
}

/* The earliest that is asked for counts. */
void
sweep_soon(int64_t delay_ms)
{
	int64_t at = host->now_ms(host) + delay_ms;

	if (sweep.timer > 0 && sweep.at <= at)
		return;
	if (sweep.timer > 0)
		host->drop(host, sweep.timer);
	sweep.at = at;
	sweep.timer = host->timer(host, NULL, delay_ms, due, NULL);
}

void
sweep_stop(void)
{
	if (sweep.timer > 0)
		host->drop(host, sweep.timer);
	json_decref(sweep.list);
	memset(&sweep, 0, sizeof sweep);
}
