/* agents.c - GET /agents, GET /agents/{id} */
#include "api/access.h"
#include "api/internal.h"
#include "wire/msg.h"

static void
emit_field(struct emit *e, const struct msg_field *f)
{
	emit_object(e, NULL);
	emit_text(e, "name", f->name);
	emit_text(e, "type", f->type);
	emit_bool(e, "required", f->required);
	emit_bool(e, "list", f->list);
	emit_bool(e, "secret", f->secret);
	emit_text_or_null(e, "default", f->fallback);
	emit_text_or_null(e, "help", f->help);
	emit_object_end(e);
}

static void
emit_plugin(struct emit *e, const struct hub_plugin *p)
{
	static const struct msg_inventory unknown = {
		.version = "", .summary = "", .containment = ""
	};
	AUTO(msg_free) struct msg_box *box = NULL;
	const struct msg_inventory *inventory = &unknown;

	if (p->inventory.len && msg_unpack(MSG_TO_SERVER, p->inventory.data,
					p->inventory.len, &box, NULL) == 0)
		inventory = &msg_get(box)->inventory;
	emit_object(e, NULL);
	emit_text(e, "name", p->name);
	emit_text_or_null(e, "version", inventory->version);
	emit_text_or_null(e, "summary", inventory->summary);
	emit_bool(e, "up", p->up);
	emit_bool(e, "draining", p->draining);
	emit_text_or_null(e, "draining_reason", inventory->draining_reason);
	emit_text_or_null(e, "containment", inventory->containment);
	emit_bool(e, "complete", inventory->complete);
	emit_text_or_null(e, "seccomp", inventory->seccomp);
	emit_object(e, "limits");
	for (size_t i = 0; i < inventory->n_limits; i++)
		emit_foreign(
			e, inventory->limits[i].name, inventory->limits[i].by);
	emit_object_end(e);
	emit_array(e, "params");
	for (size_t i = 0; i < inventory->n_params; i++)
		emit_field(e, &inventory->params[i]);
	emit_array_end(e);
	emit_object_end(e);
}

/* Who did it and why is the business of those who see all. */
static void
emit_drain(struct emit *e, const struct agent_drain *d, bool all)
{
	if (!d) {
		emit_null(e, "draining");
		return;
	}
	emit_object(e, "draining");
	emit_time(e, "since", d->since);
	emit_time(e, "until", d->until);
	emit_text_or_null(e, "actor", all ? d->actor : NULL);
	emit_text_or_null(e, "reason", all ? d->reason : NULL);
	emit_object_end(e);
}

struct seen { /* of an agent's unfinished tasks, */
	size_t n;
	bool degraded; /* and something of one is not to be killed */
};

static struct seen
see_tasks(const struct agent *a, const struct user *user)
{
	struct seen seen = { a->n_tasks, a->n_unkillable > 0 };

	if (!user_is_limited(user))
		return seen;
	seen = (struct seen){ 0 };
	for (const struct task *t = a->tasks; t; t = t->agent_next) {
		if (access_found(user, 0, t) < 0)
			continue;
		seen.n++;
		if (t->cancel.phase == CANCEL_UNKILLABLE)
			seen.degraded = true;
	}
	return seen;
}

void
agent_json(struct emit *e, const struct agent *a, const struct user *user)
{
	const struct seen tasks = see_tasks(a, user);

	emit_object(e, NULL);
	emit_text(e, "agent_id", a->id);
	emit_bool(e, "connected", a->connected);
	emit_text_or_null(e, "version", a->version);
	emit_text_or_null(e, "hostname", a->hostname);
	emit_text_or_null(e, "peer", a->peer);
	emit_time(e, "connected_at", a->connected ? a->connected_at : 0);
	emit_time(e, "certificate_expires_at", a->not_after);
	emit_time(e, "seen_at", a->seen_at);
	emit_uint(e, "tasks", tasks.n);
	emit_bool(e, "degraded", tasks.degraded);
	emit_drain(e, a->drain, !user_is_limited(user));
	emit_array(e, "plugins");
	for (const struct hub_plugin *p = a->plugins; p; p = p->next)
		emit_plugin(e, p);
	emit_array_end(e);
	emit_object_end(e);
}

void
api_agents(void *arg, struct http_request *req)
{
	struct api *api = arg;
	struct buf body = { 0 };
	struct emit e;

	emit_init(&e, &body);
	emit_object(&e, NULL);
	emit_array(&e, "agents");
	for (const struct agent *a = hub_agents(api->hub, NULL); a;
		a = hub_agents(api->hub, a))
		agent_json(&e, a, access_user(req));
	emit_array_end(&e);
	emit_object_end(&e);
	http_reply_json(req, 200, &body, emit_done(&e));
}

void
api_agent(void *arg, struct http_request *req)
{
	struct api *api = arg;
	const char *id = http_param(req, "id");
	const struct agent *a = hub_agent(api->hub, id);
	struct buf body = { 0 };
	struct emit e;

	if (!a) {
		reply_no_agent(req, id);
		return;
	}
	emit_init(&e, &body);
	agent_json(&e, a, access_user(req));
	http_reply_json(req, 200, &body, emit_done(&e));
}
