/* fuzz-hub.c - an agent that says anything at any time, beside an honest one
 *
 * The input is a list of things to do: what agent "a" says, in form or as raw
 * bytes, and what clients ask meanwhile. Whatever it is, the task of agent "b"
 * stays as it was, and a task of "a" ends at most once. */
#include <string.h>

#include "task/reason.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/rig.h"

enum { TASKS = 4, STEPS = 200 };

/* In raw messages: of the task with that number, as long as a real id. */
#define NAME "00000000-0000-7000-8000-00000000000"

static struct task *tasks[TASKS]; /* of "a"; own references */
static struct task *other; /* of "b" */

static struct task *
pick(uint8_t which)
{
	return which % (TASKS + 1) == TASKS ? other : tasks[which % TASKS];
}

static const char *
pick_id(uint8_t which)
{
	static const char *const made_up[] = { "x",
		"00000000-0000-7000-8000-000000000000",
		"ffffffff-ffff-7fff-bfff-ffffffffffff" };

	return which >= 240 ? made_up[which % 3] : pick(which)->id;
}

/* Mostly the next number, sometimes another one. */
static uint64_t
pick_seq(uint8_t which, uint8_t how)
{
	const struct task *t = pick(which);

	switch (how % 8) {
	case 6: return how > 128 ? UINT64_MAX : 0;
	case 7: return t->agent_seq + (how >> 3);
	default: return t->agent_seq + 1;
	}
}

/* ------------------------------------------------------------ what "a" says */

static void
say_raw(struct input *in)
{
	size_t n = input_byte(in);
	struct input piece;
	uint8_t *copy, *at;

	n = n << 8 | input_byte(in);
	piece = input_piece(in, n);
	copy = malloc(piece.len + 1);
	MUST(copy);
	if (piece.len)
		memcpy(copy, piece.data, piece.len);
	for (at = copy; at + sizeof NAME <= copy + piece.len; at++)
		if (memcmp(at, NAME, sizeof NAME - 1) == 0)
			memcpy(at, pick_id(at[sizeof NAME - 1] & 7),
				sizeof NAME);
	hub_rpc_ops.on_message(rig.hub, &rig_a, copy, piece.len);
	free(copy);
}

static void
say_report(enum msg_kind kind, struct input *in)
{
	static const uint8_t bytes[4096];
	uint8_t which = input_byte(in), seq = input_byte(in),
		how = input_byte(in);
	const struct msg_receipt receipt = { .code = how,
		.name = "name",
		.reason = "reason",
		.actor = "actor",
		.verified_at = INT64_MAX };
	struct msg m = { .kind = kind,
		.task_id = pick_id(which),
		.seq = pick_seq(which, seq) };

	if (kind == MSG_STARTED)
		m.started = (struct msg_started){ .at = INT64_MIN + how,
			.pid = how,
			.grace_ms = (int64_t)how - 1 };
	else if (kind == MSG_OUTPUT)
		m.output =
			(struct msg_output){ how % 3, bytes, (size_t)how * 16 };
	else if (kind == MSG_CANCEL_PHASE)
		m.cancel_phase = (struct msg_cancel_phase){
			.phase = how % (MSG_PHASE_UNKILLABLE + 1),
			.at = how ? INT64_MAX : 0,
			.code = how,
			.reason = "because",
			.actor = "me"
		};
	else
		m.result = (struct msg_result){ .ok = how & 1,
			.cancelled = how & 2,
			.outcome = (how >> 2) % (MSG_LOST + 1),
			.code = 9,
			.failure = how & 16 ? "exit" : "",
			.message = "words",
			.ended_at = how & 32 ? INT64_MAX : how,
			.receipt = how & 64 ? &receipt : NULL };
	rig_say(&rig_a, m);
}

static void
say_inventory(struct input *in)
{
	uint8_t which = input_byte(in), how = input_byte(in);
	struct msg_held held[TASKS + 1];
	char name[8];
	size_t n = 0;

	for (uint8_t i = 0; i <= TASKS; i++)
		if (which & 1 << i)
			held[n++] =
				(struct msg_held){ pick_id(i), how, how & 1 };
	(void)snprintf(name, sizeof name, "p%d", how);
	rig_say(&rig_a,
		(struct msg){ .kind = MSG_INVENTORY,
			.plugin = which & 128 ? name : "shell",
			.inventory = { .instance = how & 2 ? "i" : "another",
				.tasks = held,
				.n_tasks = n,
				.draining = how & 4 } });
}

static void
say_other(struct input *in)
{
	uint8_t how = input_byte(in);

	if (how & 1)
		rig_say(&rig_a, (struct msg){ .kind = MSG_PLUGIN_DOWN,
					.plugin_down = { "died" } });
	else
		rig_say(&rig_a, (struct msg){ .kind = MSG_HELLO,
					.agent_id = how & 2 ? "b" : "a",
					.hello = { "1", how & 4 ? "boot" : "2",
						"host" } });
}

/* ---------------------------------------------------------- what clients ask */

static void
client_asks(struct input *in)
{
	uint8_t which = input_byte(in), how = input_byte(in);
	struct task **slot = &tasks[which % TASKS], *t;

	if (which & 128) {
		(void)hub_cancel(rig.hub, *slot,
			&(struct hub_cancel){ .code = REASON_USER_REQUEST,
				.actor = "me",
				.grace_ms = (int64_t)how - 1 },
			NULL, NULL);
		return;
	}
	t = rig_create("a");
	if (!t)
		return;
	task_unref(*slot);
	*slot = task_ref(t);
}

static void
step(struct input *in)
{
	switch (input_byte(in) % 12) {
	case 0:
	case 1: say_report(MSG_STARTED, in); break;
	case 2:
	case 3: say_report(MSG_OUTPUT, in); break;
	case 4: say_report(MSG_CANCEL_PHASE, in); break;
	case 5:
	case 6: say_report(MSG_RESULT, in); break;
	case 7: say_inventory(in); break;
	case 8: say_other(in); break;
	case 9: say_raw(in); break;
	case 10: client_asks(in); break;
	case 11: loop_turn(rig.loop, 0); break;
	}
	if (rig_a.closed) /* it was cut off, and comes again */
		rig_connect("a", &rig_a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };

	rig_open(RIG_HUB);
	for (int i = 0; i < TASKS; i++)
		tasks[i] = task_ref(rig_create("a"));
	other = task_ref(rig_create("b"));
	loop_turn(rig.loop, 0);
	for (int i = 0; i < STEPS && in.len; i++) {
		enum task_status before[TASKS];

		for (int k = 0; k < TASKS; k++)
			before[k] = tasks[k]->status;
		step(&in);
		for (int k = 0; k < TASKS; k++)
			MUST(!task_is_final(before[k]) ||
				tasks[k]->status == before[k] ||
				tasks[k]->agent_seq == 0);
		MUST(other->status == TASK_SENT && other->agent_seq == 0);
		MUST(transcript_last(other->transcript) == 0);
		MUST(other->cancel.phase == CANCEL_NONE);
	}
	MUST(!rig_b.closed);
	for (int i = 0; i < TASKS; i++)
		task_unref(tasks[i]);
	task_unref(other);
	rig_close();
	return 0;
}
