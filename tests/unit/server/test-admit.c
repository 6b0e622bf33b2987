/* test-admit.c - agents that come with certificates */
#include "hub-rig.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/unit/unit.h"

enum { LONG_MS = 3600 * 1000, SOON_MS = 200 };

static int
open_with(struct rpc_stream *s, const char *id, const char *name,
	const char *serial, int64_t lasts_ms)
{
	const char *const names[] = { "spiffe://other/x", name, NULL };
	const struct rpc_hello hello = { .agent_id = id,
		.agent_token = "",
		.peer = "test",
		.verified = true,
		.tls_names = names,
		.serial = serial,
		.not_after = clock_wall_ms() + lasts_ms };
	enum rpc_status status = RPC_STATUS_OK;
	struct err err = { "" };
	int r = hub_rpc_ops.on_open(hub, s, &hello, &status, &err);

	if (r < 0)
		ck_assert_int_eq((int)status, RPC_STATUS_UNAUTHENTICATED);
	return r;
}

TEST(a_certificate_is_for_one_agent_whoever_else_is_asked)
{
	setup();
	ck_assert_int_lt(
		open_with(&one, "a", "nodelink:agent:b", "01", LONG_MS), 0);
	ck_assert_int_lt(
		open_with(&one, "a", "nodelink:agent:", "01", LONG_MS), 0);
	ck_assert_int_lt(
		open_with(&one, "a", "nodelink:agent:ab", "01", LONG_MS), 0);
	ck_assert_int_lt(open_with(&one, "a", "a", "01", LONG_MS), 0);
	ck_assert_int_eq(
		open_with(&one, "a", "nodelink:agent:a", "01", LONG_MS), 0);
	teardown();
}
END

TEST(a_stream_ends_with_its_certificate)
{
	int64_t give_up = clock_ms() + unit_wait_ms();

	setup();
	ck_assert_int_lt(
		open_with(&one, "a", "nodelink:agent:a", "01", -SOON_MS), 0);
	ck_assert_int_eq(
		open_with(&two, "b", "nodelink:agent:b", "02", LONG_MS), 0);
	ck_assert_int_eq(
		open_with(&one, "a", "nodelink:agent:a", "01", SOON_MS), 0);
	ck_assert(!one.closed);
	while (!one.closed && clock_ms() < give_up)
		loop_turn(loop, 50);
	ck_assert(one.closed);
	ck_assert_int_eq((int)one.status, RPC_STATUS_UNAUTHENTICATED);
	ck_assert(!two.closed);
	teardown();
}
END

	static void
	first_end_is(int64_t ms)
{
	AUTO_BUF struct buf text = { 0 };
	static const char name[] =
		"\nnodelink_agent_certificate_expiry_timestamp_seconds ";
	const char *at;

	ck_assert_int_eq(metrics_write(metrics, METRICS_OPENMETRICS, &text), 0);
	at = strstr(buf_text(&text), name);
	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq((int64_t)(strtod(at + strlen(name), NULL) + 0.5),
		(ms + 500) / 1000);
}

TEST(shows_when_the_first_certificate_ends_also_of_those_that_are_cut)
{
	int64_t a, b, give_up = clock_ms() + unit_wait_ms();

	setup();
	first_end_is(0);
	ck_assert_int_eq(
		open_with(&two, "b", "nodelink:agent:b", "02", 2 * LONG_MS), 0);
	ck_assert_int_eq(
		open_with(&one, "a", "nodelink:agent:a", "01", SOON_MS), 0);
	hello(&two);
	hello(&one);
	a = hub_agent(hub, "a")->not_after;
	b = hub_agent(hub, "b")->not_after;
	first_end_is(a);
	while (!one.closed && clock_ms() < give_up)
		loop_turn(loop, 50);
	ck_assert(one.closed);
	first_end_is(a);
	fake_done(&one);
	one = (struct rpc_stream){ 0 };
	ck_assert_int_eq(
		open_with(&one, "a", "nodelink:agent:a", "03", 3 * LONG_MS), 0);
	first_end_is(b);
	hub_rpc_ops.on_close(hub, &two, RPC_STATUS_OK, "");
	first_end_is(b);
	teardown();
}
END

TEST(shows_the_end_of_what_was_issued_before_until_the_agent_is_revoked)
{
	int64_t end = clock_wall_ms() - LONG_MS;
	struct err err = { "" };

	setup_guarded();
	ck_assert_int_eq(auth_agent_issued(auth, "b", "0a", end, &err), 0);
	hub_recheck_agents(hub);
	first_end_is(end);
	ck_assert_int_eq(
		auth_agent_issued(auth, "b", "0b", end + 1000, &err), 0);
	hub_recheck_agents(hub);
	first_end_is(end + 1000);
	ck_assert_int_eq(auth_agent_revoke(auth, "b", &err), 0);
	hub_recheck_agents(hub);
	first_end_is(0);
	teardown();
}
END

TEST(an_agent_that_is_revoked_has_no_end_to_show)
{
	int64_t give_up = clock_ms() + unit_wait_ms();
	struct err err = { "" };

	setup_guarded();
	ck_assert_int_eq(
		open_with(&one, "a", "nodelink:agent:a", "01", LONG_MS), 0);
	first_end_is(hub_agent(hub, "a")->not_after);
	ck_assert_int_eq(auth_agent_revoke(auth, "a", &err), 0);
	while (!one.closed && clock_ms() < give_up)
		loop_turn(loop, 50);
	ck_assert(one.closed);
	first_end_is(0);
	teardown();
}
END

TEST(only_the_certificate_that_was_issued_last_counts)
{
	struct err err = { "" };

	setup_guarded();
	ck_assert_int_eq(auth_agent_issued(auth, "a", "0a",
				 clock_wall_ms() + LONG_MS, &err),
		0);
	ck_assert_int_lt(
		open_with(&one, "a", "nodelink:agent:a", "0b", LONG_MS), 0);
	ck_assert_int_eq(
		open_with(&one, "a", "nodelink:agent:a", "0a", LONG_MS), 0);
	ck_assert_int_eq(auth_agent_revoke(auth, "a", &err), 0);
	UNIT_UNTIL(loop, one.closed);
	ck_assert_int_lt(
		open_with(&one, "a", "nodelink:agent:a", "0a", LONG_MS), 0);
	teardown();
}
END

	UNIT_MAIN("hub admit",
		a_certificate_is_for_one_agent_whoever_else_is_asked,
		a_stream_ends_with_its_certificate,
		shows_when_the_first_certificate_ends_also_of_those_that_are_cut,
		shows_the_end_of_what_was_issued_before_until_the_agent_is_revoked,
		an_agent_that_is_revoked_has_no_end_to_show,
		only_the_certificate_that_was_issued_last_counts)
