/* tell.c - letters about a task, left with it for the store */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "webhook/event.h"
#include "webhook/internal.h"

static int
post(struct task *t, enum event event, const char *body, const char *url,
	const struct url *parts, bool global)
{
	struct letter *l = letter_new(url, parts->host, body);

	if (!l)
		return -ENOMEM;
	(void)snprintf(l->task_id, sizeof l->task_id, "%s", t->id);
	(void)snprintf(l->event, sizeof l->event, "%s", event_name(event));
	l->global = global;
	l->made_at = l->next_at = clock_wall_ms();
	LL_APPEND(t->letters, l);
	return 0;
}

static int
post_to_its_own(struct task *t, enum event event, const char *body)
{
	const char *at = t->webhooks, *url;
	unsigned events;
	size_t len;
	int r = 0;

	while (r == 0 && event_hook_next(&at, &events, &url, &len)) {
		char text[LIMIT_URL + 1];
		struct url parts;
		struct err err;

		if (!(events & event) || len >= sizeof text)
			continue;
		memcpy(text, url, len);
		text[len] = 0;
		/* It was checked when the task was created; should it not be
		 * allowed any more, that shows when it is called. */
		if (url_check(text, true, &parts, &err) == 0)
			r = post(t, event, body, text, &parts, false);
	}
	return r;
}

void
webhook_tell(void *webhook, struct task *t)
{
	struct webhook *w = webhook;
	enum event event = event_of(t);
	bool global = w->conf.url && !w->gone && (w->conf.events & event);
	AUTO_BUF struct buf body = { 0 };
	int r;

	if (!global && (!t->webhooks || !w->conf.per_task))
		return;
	r = event_body(event, t, clock_wall_ms(), &body);
	if (r == 0 && global)
		r = post(t, event, buf_text(&body), w->conf.url, &w->url, true);
	if (r == 0 && w->conf.per_task)
		r = post_to_its_own(t, event, buf_text(&body));
	if (r < 0)
		log_error(r, "nobody will be told of '%s' of task '%s'",
			event_name(event), t->id);
}
