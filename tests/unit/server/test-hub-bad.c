/* test-hub-bad.c - agents that do not keep to the protocol */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "hub-rig.h"
#include "tests/unit/ear.h"
#include "tests/unit/unit.h"

/* Bytes of output, in pieces of at most what one response may hold. */
static void
output_much(const struct task *t, uint64_t *seq, size_t len)
{
	for (size_t n; len && !one.closed; len -= n) {
		n = len < 4096 ? len : 4096;
		output(&one, t, (*seq)++, n);
		while (one.n_sent) /* acknowledgements */
			msg_free(one.sent[--one.n_sent]);
	}
}

static struct task *
running(void)
{
	struct task *t;

	connect_agent(&one);
	t = create();
	started(&one, t, 1);
	return t;
}

TEST(takes_no_more_output_than_the_window_lets_out)
{
	AUTO(task_unref) struct task *t = NULL;
	uint64_t seq = 2;

	setup();
	t = running();
	output_much(t, &seq, 100000); /* stored: the window moves on */
	ck_assert(!one.closed);
	slow_store(t);
	output_much(t, &seq, LIMIT_OUTPUT_CHUNK); /* the least window */
	ck_assert(!one.closed);
	output_much(t, &seq, 1);
	ck_assert(one.closed);
	ck_assert_int_eq((int)one.status, RPC_STATUS_INVALID);
	ck_assert_uint_eq(t->agent_seq, seq - 2);
	teardown();
}
END

TEST(takes_no_more_output_than_the_task_may_have)
{
	AUTO(task_unref) struct task *t = NULL;
	uint64_t seq = 2;

	setup();
	t = running();
	output_much(t, &seq, 1 << 20); /* output_limit of the rig */
	ck_assert(!one.closed);
	output_much(t, &seq, 1);
	ck_assert(one.closed);
	ck_assert_int_eq((int)one.status, RPC_STATUS_INVALID);
	ck_assert_uint_eq(
		transcript_bytes(t->transcript, TRANSCRIPT_STDOUT), 1 << 20);
	teardown();
}
END

	/* How many lines were written, and how many of them hold this text. */
	static void
	ear_count(struct ear ear, const char *text, int *lines, int *with)
{
	AUTO_FREE char *all = ear_close(ear);

	*lines = *with = 0;
	for (const char *p = all; (p = strchr(p, '\n')); p++)
		++*lines;
	for (const char *p = all; (p = strstr(p, text)); p++)
		++*with;
}

static void
report_a_thousand(struct rpc_stream *s)
{
	char id[ID_MAX];

	for (int i = 0; i < 1000; i++) {
		(void)snprintf(id, sizeof id, "made-up-%d", i);
		say(s, (struct msg){
			       .kind = MSG_STARTED, .task_id = id, .seq = 1 });
		while (s->n_sent) /* it is told to stop them */
			msg_free(s->sent[--s->n_sent]);
	}
}

TEST(says_what_is_wrong_a_few_times_and_then_how_often)
{
	struct ear ear;
	int lines, with;

	setup();
	connect_agent(&one);
	log_set_level(LOG_LEVEL_INFO);
	clock_set(1000000);
	ear = ear_open();
	report_a_thousand(&one);
	ear_count(ear, "made-up-", &lines, &with);
	ck_assert_int_ge(with, 3);
	ck_assert_int_le(lines, 20);
	clock_set(1000000 + 61000);
	ear = ear_open();
	report_a_thousand(&one);
	ear_count(ear, "990 more", &lines, &with);
	ck_assert_int_eq(with, 1);
	ck_assert_int_le(lines, 20);
	clock_set(-1);
	teardown();
}
END

TEST(says_that_an_agent_talks_about_the_task_of_another)
{
	AUTO(task_unref) struct task *t = NULL;
	struct ear ear;
	int lines, with;

	setup();
	connect_agent(&one);
	t = create();
	ck_assert_int_eq(open_as(&two, "b", ""), 0);
	hello(&two);
	log_set_level(LOG_LEVEL_INFO);
	ear = ear_open();
	started(&two, t, 1);
	output(&two, t, 2, 10);
	ended(&two, t, 3, (struct msg_result){ .ok = true });
	ear_count(ear, t->id, &lines, &with);
	ck_assert_int_eq(with, 3);
	ck_assert_int_eq(t->status, TASK_SENT);
	ck_assert_uint_eq(t->agent_seq, 0);
	teardown();
}
END

	UNIT_MAIN("hub, bad agents",
		takes_no_more_output_than_the_window_lets_out,
		takes_no_more_output_than_the_task_may_have,
		says_what_is_wrong_a_few_times_and_then_how_often,
		says_that_an_agent_talks_about_the_task_of_another)
