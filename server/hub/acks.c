/* acks.c - telling nodes what they may forget
 *
 * That a result is stored is no urgent news, and what else is stored still
 * less, as long as the node has room: many such messages go out together. What
 * is lost with a stream is not missed, since the node sends again what it has
 * and gets a new answer. */
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "hub/internal.h"
#include "wire/batch.h"

enum {
	SOON_MS = 5,
	LATE_MS = 500, /* memory that a node fills meanwhile is no harm */
};

struct pending_ack {
	char task_id[ID_MAX];
	char plugin[33];
	uint64_t seq;
};

static struct msg
ack_msg(const struct agent *a, const char *task_id, const char *plugin,
	const struct msg_ack *ack)
{
	return (struct msg){ .kind = MSG_ACK,
		.agent_id = a->id,
		.task_id = task_id,
		.plugin = plugin,
		.ack = *ack };
}

void
ack_now(struct agent *a, const char *task_id, const char *plugin,
	const struct msg_ack *ack)
{
	const struct msg msg = ack_msg(a, task_id, plugin, ack);

	(void)agent_send(a, &msg, true);
}

static void
send_batch(struct agent *a, struct batch *batch)
{
	const uint8_t *data;
	size_t len;

	if (a->stream && batch_get(batch, &data, &len))
		(void)rpc_send(a->stream, data, len, true);
	batch_clear(batch);
}

/* Out of memory: it is not said, and the node asks again. */
static void
add(struct agent *a, struct batch *batch, const char *task_id,
	const char *plugin, const struct msg_ack *ack)
{
	const struct msg msg = ack_msg(a, task_id, plugin, ack);
	AUTO_BUF struct buf packed = { 0 };

	if (msg_pack(&msg, &packed) < 0 ||
		batch_add(batch, packed.data, packed.len) == BATCH_OK)
		return;
	send_batch(a, batch);
	(void)batch_add(batch, packed.data, packed.len); /* fits now */
}

static void
send_all(void *arg)
{
	struct agent *a = arg;
	struct batch batch = { 0 };

	for (size_t i = 0; i < a->n_acks; i++) {
		const struct pending_ack *p = &a->acks[i];

		add(a, &batch, p->task_id, p->plugin,
			&(struct msg_ack){ .seq = p->seq, .final = true });
	}
	send_batch(a, &batch);
	batch_done(&batch);
	a->n_acks = 0;
}

static void
send_late(void *arg)
{
	struct agent *a = arg;
	struct batch batch = { 0 };
	struct msg_ack ack;
	struct task *t;

	if (!a->stream)
		return; /* its next inventory is answered with all of it */
	DL_FOREACH2(a->tasks, t, agent_next)
	{
		if (t->stored_seq <= t->acked_seq || task_is_final(t->status))
			continue;
		ack = report_take_ack(t);
		add(a, &batch, t->id, t->plugin, &ack);
	}
	send_batch(a, &batch);
	batch_done(&batch);
}

void
ack_late(struct agent *a)
{
	if (!a->late_timer)
		a->late_timer = loop_timer_new(a->hub->conf.loop, send_late, a);
	if (a->late_timer && !loop_timer_active(a->late_timer))
		loop_timer_set(a->late_timer, LATE_MS);
}

static int
make_room(struct agent *a)
{
	size_t max = a->max_acks ? 2 * a->max_acks : 16;
	struct pending_ack *p;

	if (!a->ack_timer)
		a->ack_timer = loop_timer_new(a->hub->conf.loop, send_all, a);
	if (!a->ack_timer)
		return -1;
	if (a->n_acks < a->max_acks)
		return 0;
	p = reallocarray(a->acks, max, sizeof *p);
	if (!p)
		return -1;
	a->acks = p;
	a->max_acks = max;
	return 0;
}

void
ack_final(
	struct agent *a, const char *task_id, const char *plugin, uint64_t seq)
{
	struct pending_ack *p;

	if (make_room(a) < 0) {
		ack_now(a, task_id, plugin,
			&(struct msg_ack){ .seq = seq, .final = true });
		return;
	}
	p = &a->acks[a->n_acks++];
	(void)snprintf(p->task_id, sizeof p->task_id, "%s", task_id);
	(void)snprintf(p->plugin, sizeof p->plugin, "%s", plugin);
	p->seq = seq;
	if (!loop_timer_active(a->ack_timer))
		loop_timer_set(a->ack_timer, SOON_MS);
}

void
acks_drop(struct agent *a)
{
	a->n_acks = 0;
}

void
acks_free(struct agent *a)
{
	loop_timer_free(a->ack_timer);
	loop_timer_free(a->late_timer);
	free(a->acks);
}
