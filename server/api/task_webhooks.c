/* task_webhooks.c - the field "webhooks": who is told of one task */
#include "api/task_webhooks.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "json/json.h"
#include "webhook/event.h"
#include "webhook/url.h"

static int
read_events(const json_t *hook, unsigned *out, struct err *err)
{
	json_t *list, *item;
	char shown[JSON_SHOW];
	unsigned events = 0;
	size_t i;
	int r = json_get_array(hook, "events", &list, err);

	if (r != JSON_GOT)
		return r;
	json_array_foreach(list, i, item)
	{
		const char *name = json_plain_text(item);
		unsigned event = name ? event_parse(name) : 0;

		if (!event)
			return err_set(err, -EINVAL,
				"field 'events': %s is no event",
				json_show(item, shown));
		events |= event;
	}
	if (!events)
		return err_set(err, -EINVAL, "field 'events': is empty");
	*out = events;
	return 0;
}

static int
read_hook(const struct webhook *w, const json_t *hook, struct buf *out,
	struct err *err)
{
	static const char *const names[] = { "url", "events" };
	unsigned events = EVENT_ALL;
	const char *text = NULL;
	struct url url;
	int r;

	if (!json_is_object(hook))
		return err_set(err, -EINVAL, "expected an object");
	r = json_known(hook, names, ARRAY_SIZE(names), err);
	if (r == 0)
		r = json_get_text(hook, "url", LIMIT_URL, &text, err);
	if (r == JSON_ABSENT)
		return err_set(err, -EINVAL, "field 'url' is required");
	if (r == 0)
		r = url_check(
			text, webhook_settings(w)->allow_internal, &url, err);
	if (r == 0)
		r = read_events(hook, &events, err);
	return r < 0 ? r : event_hook_add(out, events, text);
}

int
task_webhooks_read(const struct webhook *w, const json_t *body, struct buf *out,
	struct err *err)
{
	json_t *list, *hook;
	struct err inner = { "" };
	size_t i;
	int r = json_get_array(body, "webhooks", &list, err);

	if (r != JSON_GOT)
		return r == JSON_ABSENT ? 0 : r;
	if (!w || !webhook_settings(w)->per_task)
		return err_set(err, -EINVAL,
			"field 'webhooks': this server calls nobody for a task "
			"([webhook] per_task)");
	if (json_array_size(list) > LIMIT_TASK_WEBHOOKS)
		return err_set(err, -EINVAL,
			"field 'webhooks': %zu members, at most %d are allowed",
			json_array_size(list), LIMIT_TASK_WEBHOOKS);
	json_array_foreach(list, i, hook)
	{
		r = read_hook(w, hook, out, &inner);
		if (r < 0)
			return err_set(err, r, "field 'webhooks[%zu]': %.480s",
				i, inner.text);
	}
	return 0;
}

void
task_webhooks_json(struct emit *e, const struct task *t)
{
	const char *at = t->webhooks, *text;
	unsigned events;
	size_t len;

	emit_array(e, "webhooks");
	while (event_hook_next(&at, &events, &text, &len)) {
		char whole[LIMIT_URL + 1] = "";
		struct url url;

		if (len < sizeof whole)
			memcpy(whole, text, len);
		emit_object(e, NULL);
		emit_text_or_null(e, "url", url_origin(whole, &url));
		event_json(e, events);
		emit_object_end(e);
	}
	emit_array_end(e);
}
