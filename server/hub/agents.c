/* agents.c - the streams of agents: hello, loss */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/rates.h"
#include "hub/internal.h"
#include "wire/batch.h"

enum {
	HELLO_WITHIN_MS = 10000,
	ANSWERS_MAX = 4 * LIMIT_SEND_QUEUE,
};

static void
saw(struct agent *a)
{
	struct store *store = a->hub->conf.store;

	a->seen_at = clock_wall_ms();
	store->ops->agent_seen(store, a->id, a->seen_at);
}

/* From here on the agent counts as disconnected, whatever still arrives. */
static void
detach_stream(struct agent *a)
{
	rpc_set_user(a->stream, NULL);
	a->stream = NULL;
	a->paused = false;
	acks_drop(a);
	if (a->connected) {
		a->hub->n_connected--;
		saw(a);
	}
	a->connected = a->missing = false;
	for (struct hub_plugin *p = a->plugins; p; p = p->next) {
		p->up = false;
		loop_timer_stop(p->timer); /* the agent's own takes over */
	}
	loop_timer_stop(a->timer);
	if (a->tasks)
		loop_timer_set(a->timer, a->hub->conf.lost_after_ms);
}

void
agent_drop(struct agent *a, enum rpc_status status, const char *text)
{
	struct rpc_stream *s = a->stream;

	detach_stream(a);
	rpc_close(s, status, text);
}

/* Executors that are there have shown themselves. What an earlier server gave
 * to a plugin that has not waits for it by this timer: it has none itself. */
static void
settled(struct agent *a)
{
	if (a->missing) {
		a->missing = false;
		task_lose_unshown(a);
		return;
	}
	a->settled = true;
	task_refuse_unplaced(a);
	a->missing = task_any_unshown(a);
	if (a->missing)
		loop_timer_set(a->timer, a->hub->conf.lost_after_ms);
}

/* Settled; or connected but silent; or disconnected for too long. */
static void
timer_due(void *arg)
{
	struct agent *a = arg;
	struct task *t, *next;

	if (a->connected) {
		settled(a);
		return;
	}
	if (a->stream) {
		log_warn(0, "agent '%s' sent no hello within %d s: closed",
			a->id, HELLO_WITHIN_MS / 1000);
		agent_drop(a, RPC_STATUS_INVALID,
			"no Hello within 10 s of opening the stream");
		return;
	}
	DL_FOREACH_SAFE2(a->tasks, t, next, agent_next)
	if (t->status != TASK_PENDING)
		task_lose(a->hub, t, "agent_lost",
			"the agent was not heard of for too long");
}

int
agent_expect(struct agent *a)
{
	if (!a->timer)
		a->timer = loop_timer_new(a->hub->conf.loop, timer_due, a);
	if (!a->timer)
		return -ENOMEM;
	if (!a->stream)
		loop_timer_set(a->timer, a->hub->conf.lost_after_ms);
	return 0;
}

void
agent_pause(struct agent *a)
{
	if (a->paused || !a->stream)
		return;
	a->paused = true;
	rpc_pause(a->stream, true);
}

void
agents_resume(void *arg)
{
	struct hub *hub = arg;

	for (struct agent *a = hub->agents; a; a = a->hh.next) {
		if (!a->paused)
			continue;
		a->paused = false;
		rpc_pause(a->stream, false);
	}
}

static int
on_open(void *arg, struct rpc_stream *s, const struct rpc_hello *hello,
	enum rpc_status *status, struct err *err)
{
	struct hub *hub = arg;
	struct auth_pass pass = { 0 };
	struct agent *a;
	int r = admit_check(hub, hello, &pass, err);

	if (r < 0) {
		*status = RPC_STATUS_UNAUTHENTICATED;
		return r;
	}
	*status = RPC_STATUS_OTHER;
	a = hub_agent_make(hub, hello->agent_id);
	if (!a || agent_expect(a) < 0)
		return err_set(err, -ENOMEM, "server is out of memory");
	admit_note(hub, hello, AUDIT_ALLOWED, NULL);
	if (a->stream) {
		if (admit_tells(hub, hello))
			log_warn(0,
				"agent '%s' connected again from %s: "
				"the older stream from %s is closed",
				a->id, hello->peer, a->peer);
		agent_drop(a, RPC_STATUS_REPLACED,
			"the agent has opened a newer stream");
	}
	a->stream = s;
	a->pass = pass;
	admit_until(a, hello->not_after);
	rpc_set_user(s, a);
	(void)snprintf(a->peer, sizeof a->peer, "%s", hello->peer);
	a->connected_at = a->seen_at = clock_wall_ms();
	loop_timer_set(a->timer, HELLO_WITHIN_MS);
	return 0;
}

/* Of what ran before the host was started again nothing is left. */
static void
lose_rebooted(struct agent *a)
{
	struct task *t, *next;

	DL_FOREACH_SAFE2(a->tasks, t, next, agent_next)
	if (t->status != TASK_PENDING && *t->boot_id &&
		strcmp(t->boot_id, a->boot_id) != 0)
		task_lose(a->hub, t, "host_rebooted",
			t->status == TASK_SENT
				? "the host was restarted; whether the task "
				  "had begun is not known"
				: "the host was restarted while it ran");
}

static void
on_hello(struct agent *a, const struct msg_hello *hello)
{
	(void)snprintf(a->version, sizeof a->version, "%s", hello->version);
	(void)snprintf(a->hostname, sizeof a->hostname, "%s", hello->hostname);
	(void)snprintf(a->boot_id, sizeof a->boot_id, "%s", hello->boot_id);
	a->hub->n_connected++;
	a->connected = true;
	saw(a);
	loop_timer_set(a->timer, a->hub->conf.settled_after_ms);
	/* Plugins that do not come back with their agent. */
	for (struct hub_plugin *p = a->plugins; p; p = p->next)
		if (!p->up && !loop_timer_active(p->timer))
			loop_timer_set(p->timer, a->hub->conf.lost_after_ms);
	lose_rebooted(a);
	log_info("agent '%s' is here: %s, version %s", a->id, a->hostname,
		a->version);
}

/* 0, or a reason to end the stream in *err. */
static int
on_known(struct agent *a, const struct msg *msg, const uint8_t *data,
	size_t len, struct err *err)
{
	int r;

	if (*msg->agent_id && strcmp(msg->agent_id, a->id) != 0)
		return err_set(err, -EBADMSG,
			"message says agent_id '%s', the stream is '%s'",
			msg->agent_id, a->id);
	if (!a->connected && msg->kind != MSG_HELLO)
		return err_set(err, -EBADMSG, "the first message is not Hello");
	if (a->connected && msg->kind == MSG_HELLO)
		return err_set(err, -EBADMSG, "a second Hello");
	if (msg->kind == MSG_HELLO) {
		on_hello(a, &msg->hello);
		return 0;
	}
	if (msg->kind == MSG_INVENTORY) {
		r = inventory_came(a, msg);
		return r < 0 ? err_set(err, r, "server is out of memory") : 0;
	}
	if (msg->kind == MSG_PLUGIN_DOWN) {
		inventory_gone(a, msg->plugin, msg->plugin_down.reason);
		return 0;
	}
	r = report_came(a, msg, data, len);
	if (r == REPORT_GAP)
		return err_set(err, -EBADMSG,
			"task '%s': response %llu is not the next",
			msg->task_id, (unsigned long long)msg->seq);
	if (r == REPORT_TOO_MUCH)
		return err_set(err, -EBADMSG,
			"task '%s': more output than its window or its "
			"output_limit allow",
			msg->task_id);
	if (r < 0)
		return err_set(err, -EAGAIN,
			"task '%s': its report cannot be stored now: %s",
			msg->task_id, err_name(-r));
	return 0;
}

static int
on_packed(struct agent *a, const uint8_t *data, size_t len, struct err *err)
{
	AUTO(msg_free) struct msg_box *box = NULL;
	int r = msg_unpack(MSG_TO_SERVER, data, len, &box, err);

	if (r == -EOPNOTSUPP) {
		log_debug("agent '%s': ignored: %s", a->id, err->text);
		return 0;
	}
	return r < 0 ? r : on_known(a, msg_get(box), data, len, err);
}

static void
on_message(void *arg, struct rpc_stream *s, const uint8_t *data, size_t len)
{
	struct agent *a = rpc_user(s);
	struct batch_walk walk = { data, len, false };
	struct err err = { "not a batch of messages" };
	const uint8_t *item;
	int r = 1;

	(void)arg;
	if (!a)
		return; /* replaced, and not gone yet */
	a->seen_at = clock_wall_ms();
	while (r > 0) {
		r = batch_next(&walk, &item, &len);
		if (r > 0) {
			int bad = on_packed(a, item, len, &err);

			r = bad < 0 ? bad : r;
		}
		/* What we answer is small, but it adds up. */
		if (r > 0 && rpc_queued(s) > ANSWERS_MAX)
			r = err_set(&err, -EBADMSG,
				"the agent does not read its stream");
	}
	if (r == 0)
		return;
	agent_complain(a, COMPLAINT_CLOSED, "stream closed: %s", err.text);
	/* It will connect again and send what we did not acknowledge. */
	agent_drop(a,
		r == -EBADMSG ? RPC_STATUS_INVALID : RPC_STATUS_UNAVAILABLE,
		err.text);
}

static void
on_writable(void *arg, struct rpc_stream *s)
{
	struct agent *a = rpc_user(s);

	(void)arg;
	if (a)
		task_dispatch_all(a);
}

static void
on_close(void *arg, struct rpc_stream *s, enum rpc_status status,
	const char *text)
{
	struct agent *a = rpc_user(s);

	(void)arg;
	if (!a)
		return;
	log_info("agent '%s' is gone: %s%s%s", a->id, rpc_status_name(status),
		*text ? ": " : "", text);
	detach_stream(a);
}

int
agent_send(struct agent *a, const struct msg *msg, bool must)
{
	AUTO_BUF struct buf b = { 0 };
	int r;

	if (!a->stream) /* gone while the store was writing */
		return RPC_GONE;
	r = msg_pack(msg, &b);
	return r < 0 ? r : rpc_send(a->stream, b.data, b.len, must);
}

static void
on_flood(void *arg, const char *peer)
{
	(void)arg;
	log_warn(0, "%s is cut: it sends calls without end", peer);
}

static void
on_crowd(void *arg, unsigned n, const char *address, bool of_address)
{
	struct hub *hub = arg;

	metric_add(hub->counts.crowd, NULL, n);
	if (rates_take(hub->noise, address) != 0)
		return;
	log_warn(0,
		"%u connections to the agents' port are cut, the last one from "
		"%s: %s has as many as [limits] %s allows",
		n, address, of_address ? "this address" : "the port",
		of_address ? "agent_connections_per_address"
			   : "agent_connections");
}

const struct rpc_server_ops hub_rpc_ops = {
	.on_open = on_open,
	.on_message = on_message,
	.on_writable = on_writable,
	.on_close = on_close,
	.on_flood = on_flood,
	.on_crowd = on_crowd,
};
