/* test-hub-auth.c - which agents the hub lets in, and for how long */
#include <errno.h>

#include "base/clock.h"
#include "hub-rig.h"
#include "tests/unit/unit.h"

static void
wait_closed(const struct rpc_stream *s)
{
	int64_t end = clock_ms() + unit_wait_ms();

	while (!s->closed && clock_ms() < end)
		loop_turn(loop, 50);
	ck_assert(s->closed);
	ck_assert_int_eq((int)s->status, RPC_STATUS_UNAUTHENTICATED);
}

TEST(lets_in_only_agents_with_their_token)
{
	setup_guarded();
	ck_assert_int_eq(open_as(&one, "a", "wrong"), -EACCES);
	ck_assert_int_eq(open_as(&one, "a", ""), -EACCES);
	ck_assert_int_eq(open_as(&one, "b", agent_token), -EACCES);
	ck_assert_int_eq(open_as(&one, "", agent_token), -EACCES);
	ck_assert_int_eq(open_as(&one, "../x", agent_token), -EACCES);
	ck_assert_int_eq(open_as(&one, "a", agent_token), 0);
	teardown();
}
END

TEST(lets_in_everybody_when_nobody_is_to_be_asked)
{
	setup();
	ck_assert_int_eq(open_as(&one, "anyone", ""), 0);
	ck_assert_int_eq(open_as(&one, "../x", ""), -EACCES);
	teardown();
}
END

TEST(knows_agents_that_were_never_here)
{
	AUTO(task_unref) struct task *t = NULL;
	char text[AUTH_SECRET];

	setup_guarded();
	ck_assert_int_eq(try_create("b", "shell", &t), -ENOENT);
	ck_assert_int_eq(auth_agent_token_new(auth, "b", 0, text, NULL), 0);
	hub_recheck_agents(hub);
	ck_assert_int_eq(try_create("b", "shell", &t), 0);
	teardown();
}
END

TEST(closes_the_stream_of_an_agent_that_was_revoked_and_loses_its_tasks)
{
	AUTO(task_unref) struct task *t = NULL;
	AUTO(task_unref) struct task *next = NULL;

	setup_guarded();
	connect_agent(&one);
	t = create();
	started(&one, t, 1);
	ck_assert_int_eq(auth_agent_revoke(auth, "a", NULL), AUTH_OK);
	wait_closed(&one);
	ck_assert_int_eq(open_as(&two, "a", agent_token), -EACCES);
	ck_assert_int_eq(try_create("a", "shell", &next), -ENOENT);
	wait_final(t);
	ck_assert_str_eq(t->failure, "agent_lost");
	teardown();
}
END

TEST(leaves_the_streams_of_others_alone)
{
	char text[AUTH_SECRET];

	setup_guarded();
	ck_assert_int_eq(auth_agent_token_new(auth, "b", 0, text, NULL), 0);
	connect_agent(&one);
	ck_assert_int_eq(open_as(&two, "b", text), 0);
	ck_assert_int_eq(auth_agent_revoke(auth, "b", NULL), AUTH_OK);
	wait_closed(&two);
	ck_assert(!one.closed);
	teardown();
}
END

TEST(closes_the_stream_of_an_old_token_when_its_overlap_is_over)
{
	char text[AUTH_SECRET];

	setup_guarded();
	connect_agent(&one);
	ck_assert_int_eq(auth_agent_token_new(auth, "a", 700, text, NULL), 0);
	hub_recheck_agents(hub);
	ck_assert(!one.closed);
	wait_closed(&one);
	ck_assert_int_eq(open_as(&two, "a", agent_token), -EACCES);
	ck_assert_int_eq(open_as(&two, "a", text), 0);
	teardown();
}
END

	UNIT_MAIN("hub: who may connect", lets_in_only_agents_with_their_token,
		lets_in_everybody_when_nobody_is_to_be_asked,
		knows_agents_that_were_never_here,
		closes_the_stream_of_an_agent_that_was_revoked_and_loses_its_tasks,
		leaves_the_streams_of_others_alone,
		closes_the_stream_of_an_old_token_when_its_overlap_is_over)
