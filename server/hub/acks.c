/* acks.c - telling nodes what they may forget
 *
 * That a result is stored is no urgent news: many such messages go out
 * together. What is lost with a stream is not missed, since the node sends the
 * result again and gets a new answer. */
#include <stdio.h>
#include <stdlib.h>

#include "hub/internal.h"
#include "wire/batch.h"

enum { SOON_MS = 5 };

struct pending_ack {
	char task_id[ID_MAX];
	char plugin[33];
	uint64_t seq;
};

void
ack_now(struct agent *a, const char *task_id, const char *plugin,
	const struct msg_ack *ack)
{
	const struct msg msg = { .kind = MSG_ACK,
		.agent_id = a->id,
		.task_id = task_id,
		.plugin = plugin,
		.ack = *ack };

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

static void
send_all(void *arg)
{
	struct agent *a = arg;
	AUTO_BUF struct buf packed = { 0 };
	struct batch batch = { 0 };

	for (size_t i = 0; i < a->n_acks; i++) {
		const struct pending_ack *p = &a->acks[i];
		const struct msg msg = { .kind = MSG_ACK,
			.agent_id = a->id,
			.task_id = p->task_id,
			.plugin = p->plugin,
			.ack = { .seq = p->seq, .final = true } };

		buf_clear(&packed);
		if (msg_pack(&msg, &packed) < 0)
			break; /* out of memory: the node asks again */
		if (batch_add(&batch, packed.data, packed.len) == BATCH_OK)
			continue;
		send_batch(a, &batch);
		(void)batch_add(&batch, packed.data, packed.len); /* fits now */
	}
	send_batch(a, &batch);
	batch_done(&batch);
	a->n_acks = 0;
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
	free(a->acks);
}
