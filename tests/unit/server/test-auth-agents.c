/* test-auth-agents.c - agents' tokens and certificates, and enrolment */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "auth-rig.h"
#include "base/clock.h"
#include "tests/unit/unit.h"

static int
by_token(const char *agent_id, const char *token)
{
	const struct auth_agent_proof proof = {
		.agent_id = agent_id, .token = token, .serial = ""
	};
	struct auth_pass pass;

	return auth_agent_check(auth, &proof, &pass, NULL);
}

static int
by_certificate(const char *agent_id, const char *name, const char *serial)
{
	const char *const names[] = { "DNS:host", name, NULL };
	const struct auth_agent_proof proof = { .agent_id = agent_id,
		.token = "",
		.tls_names = names,
		.serial = serial,
		.verified = true };
	struct auth_pass pass;

	return auth_agent_check(auth, &proof, &pass, NULL);
}

TEST(lets_an_agent_in_with_its_own_token)
{
	char text[AUTH_SECRET], other[AUTH_SECRET];

	setup();
	ck_assert_int_eq(auth_agent_token_new(auth, "a", 0, text, NULL), 0);
	ck_assert_int_eq(auth_agent_token_new(auth, "b", 0, other, NULL), 0);
	ck_assert_int_eq(by_token("a", text), 0);
	ck_assert_int_eq(by_token("a", other), -EACCES);
	ck_assert_int_eq(by_token("b", text), -EACCES);
	ck_assert_int_eq(by_token("c", text), -EACCES);
	ck_assert_int_eq(by_token("a", ""), -EACCES);
	ck_assert_int_eq(by_token("a", "nla_"), -EACCES);
	ck_assert_int_eq(by_token("a", text + 4), -EACCES);
	ck_assert_int_eq(
		auth_agent_token_new(auth, "../x", 0, text, NULL), -EINVAL);
	teardown();
}
END

TEST(lets_an_agent_in_at_once_that_another_process_has_made)
{
	char text[AUTH_SECRET];

	setup();
	ck_assert_int_eq(auth_agent_token_new(command, "a", 0, text, NULL), 0);
	ck_assert_int_eq(by_token("a", text), 0);
	teardown();
}
END

TEST(lets_two_tokens_in_while_they_overlap)
{
	char text[3][AUTH_SECRET];

	setup();
	ck_assert_int_eq(auth_agent_token_new(auth, "a", 0, text[0], NULL), 0);
	ck_assert_int_eq(
		auth_agent_token_new(auth, "a", 60000, text[1], NULL), 0);
	ck_assert_int_eq(by_token("a", text[0]), 0);
	ck_assert_int_eq(by_token("a", text[1]), 0);
	ck_assert_int_eq(
		auth_agent_token_new(auth, "a", 400, text[2], NULL), 0);
	ck_assert_int_eq(by_token("a", text[0]), 0);
	while (by_token("a", text[1]) == 0)
		loop_turn(loop, 50);
	ck_assert_int_eq(by_token("a", text[0]), -EACCES);
	ck_assert_int_eq(by_token("a", text[2]), 0);
	teardown();
}
END

TEST(replaces_a_token_at_once_without_overlap)
{
	char old[AUTH_SECRET], text[AUTH_SECRET];

	setup();
	ck_assert_int_eq(auth_agent_token_new(auth, "a", 0, old, NULL), 0);
	ck_assert_int_eq(auth_agent_token_new(auth, "a", 0, text, NULL), 0);
	ck_assert_int_eq(by_token("a", old), -EACCES);
	ck_assert_int_eq(by_token("a", text), 0);
	teardown();
}
END

TEST(lets_an_agent_in_with_a_certificate_in_its_name_only)
{
	setup();
	ck_assert_int_eq(by_certificate("a", "nodelink:agent:a", "1"), 0);
	ck_assert_int_eq(by_certificate("a", "nodelink:agent:b", "1"), -EACCES);
	ck_assert_int_eq(by_certificate("a", "nodelink:agent:", "1"), -EACCES);
	ck_assert_int_eq(by_certificate("a", "a", "1"), -EACCES);
	ck_assert_int_eq(
		by_certificate("a", "xnodelink:agent:a", "1"), -EACCES);
	teardown();
}
END

TEST(takes_only_the_last_certificate_that_was_issued)
{
	setup();
	ck_assert_int_eq(auth_agent_issued(auth, "a", "1", 0, NULL), 0);
	ck_assert_int_eq(by_certificate("a", "nodelink:agent:a", "1"), 0);
	ck_assert_int_eq(auth_agent_issued(auth, "a", "2", 0, NULL), 0);
	ck_assert_int_eq(by_certificate("a", "nodelink:agent:a", "1"), -EACCES);
	ck_assert_int_eq(by_certificate("a", "nodelink:agent:a", "2"), 0);
	teardown();
}
END

TEST(bars_a_revoked_agent_until_it_has_something_new)
{
	char old[AUTH_SECRET], text[AUTH_SECRET];

	setup();
	ck_assert_int_eq(auth_agent_token_new(auth, "a", 0, old, NULL), 0);
	ck_assert_int_eq(auth_agent_issued(auth, "a", "1", 0, NULL), 0);
	ck_assert_int_eq(auth_agent_revoke(auth, "a", NULL), AUTH_OK);
	ck_assert(auth_agent_is_barred(auth, "a"));
	ck_assert_int_eq(by_token("a", old), -EACCES);
	ck_assert_int_eq(by_certificate("a", "nodelink:agent:a", "1"), -EACCES);
	ck_assert_int_eq(auth_agent_token_new(auth, "a", 9999, text, NULL), 0);
	ck_assert(!auth_agent_is_barred(auth, "a"));
	ck_assert_int_eq(by_token("a", text), 0);
	ck_assert_int_eq(by_token("a", old), -EACCES);
	ck_assert_int_eq(by_certificate("a", "nodelink:agent:a", "1"), -EACCES);
	ck_assert_int_eq(auth_agent_issued(auth, "a", "2", 0, NULL), 0);
	ck_assert_int_eq(by_certificate("a", "nodelink:agent:a", "2"), 0);
	teardown();
}
END

TEST(bars_and_allows_agents_of_another_CA)
{
	setup();
	ck_assert_int_eq(by_certificate("x", "nodelink:agent:x", "1"), 0);
	ck_assert_int_eq(auth_agent_revoke(auth, "x", NULL), AUTH_UNKNOWN);
	ck_assert_int_eq(by_certificate("x", "nodelink:agent:x", "1"), -EACCES);
	ck_assert_int_eq(by_certificate("x", "nodelink:agent:x", "2"), -EACCES);
	ck_assert_int_eq(auth_agent_allow(auth, "x", NULL), 0);
	ck_assert_int_eq(by_certificate("x", "nodelink:agent:x", "2"), 0);
	ck_assert_int_eq(auth_agent_allow(auth, "y", NULL), -ENOENT);
	ck_assert_int_eq(auth_agent_revoke(auth, "../x", NULL), -EINVAL);
	teardown();
}
END

TEST(takes_an_enrolment_token_once_and_for_its_agents)
{
	char text[AUTH_SECRET], wrong[AUTH_SECRET];
	int64_t soon = clock_wall_ms() + 60000;

	setup();
	ck_assert_int_eq(auth_enrol_new(command, "web-*", soon, text, NULL), 0);
	memcpy(wrong, text, sizeof wrong);
	wrong[20] = wrong[20] == 'x' ? 'y' : 'x';
	ck_assert_int_eq(auth_enrol_use(auth, wrong, "web-1", NULL), -EACCES);
	ck_assert_int_eq(auth_enrol_use(auth, "nle_", "web-1", NULL), -EACCES);
	ck_assert_int_eq(auth_enrol_use(auth, text, "db-1", NULL), -EACCES);
	ck_assert_int_eq(auth_enrol_use(auth, text, "web-/x", NULL), -EACCES);
	ck_assert_int_eq(auth_enrol_use(auth, text, "web-1", NULL), 0);
	ck_assert_int_eq(auth_enrol_use(auth, text, "web-2", NULL), -EACCES);
	teardown();
}
END

TEST(lets_a_pattern_have_new_agents_only)
{
	char text[AUTH_SECRET], own[AUTH_SECRET], token[AUTH_SECRET];
	int64_t soon = clock_wall_ms() + 60000;
	struct err err = { "" };

	setup();
	ck_assert_int_eq(auth_enrol_new(auth, "*", soon, text, NULL), 0);
	ck_assert_int_eq(auth_enrol_new(auth, "a", soon, own, NULL), 0);
	ck_assert_int_eq(auth_agent_token_new(auth, "a", 0, token, NULL), 0);
	ck_assert_int_eq(auth_enrol_use(auth, text, "a", &err), -EACCES);
	ck_assert_ptr_nonnull(strstr(err.text, "--for a"));
	ck_assert_int_eq(auth_agent_revoke(auth, "a", NULL), 0);
	ck_assert_int_eq(auth_enrol_use(auth, text, "a", NULL), -EACCES);
	ck_assert_int_eq(auth_enrol_use(auth, own, "a", NULL), -EACCES);
	ck_assert_int_eq(auth_enrol_new(auth, "a", soon, own, NULL), 0);
	ck_assert_int_eq(auth_enrol_use(auth, own, "a", NULL), 0);
	ck_assert_int_eq(auth_enrol_use(auth, text, "b", NULL), 0);
	teardown();
}
END

TEST(takes_no_enrolment_token_that_has_expired)
{
	char text[AUTH_SECRET];

	setup();
	ck_assert_int_eq(auth_enrol_new(auth, "*", 1, text, NULL), 0);
	ck_assert_int_eq(auth_enrol_use(auth, text, "a", NULL), -EKEYEXPIRED);
	teardown();
}
END

TEST(tells_that_an_enrolment_token_has_expired_after_others_were_made)
{
	int64_t now = clock_wall_ms();
	char old[AUTH_SECRET], late[AUTH_SECRET], text[AUTH_SECRET];
	const int64_t month_ms = 30LL * 24 * 3600 * 1000;

	setup();
	ck_assert_int_eq(
		auth_enrol_new(auth, "*", now - month_ms - 1, old, NULL), 0);
	ck_assert_int_eq(auth_enrol_new(auth, "*", now - 1, late, NULL), 0);
	ck_assert_int_eq(auth_enrol_new(auth, "*", now + 60000, text, NULL), 0);
	ck_assert_int_eq(auth_enrol_use(auth, late, "a", NULL), -EKEYEXPIRED);
	ck_assert_int_eq(auth_enrol_use(auth, old, "a", NULL), -EACCES);
	teardown();
}
END

	UNIT_MAIN("auth: agents", lets_an_agent_in_with_its_own_token,
		lets_an_agent_in_at_once_that_another_process_has_made,
		lets_two_tokens_in_while_they_overlap,
		replaces_a_token_at_once_without_overlap,
		lets_an_agent_in_with_a_certificate_in_its_name_only,
		takes_only_the_last_certificate_that_was_issued,
		bars_a_revoked_agent_until_it_has_something_new,
		bars_and_allows_agents_of_another_CA,
		takes_an_enrolment_token_once_and_for_its_agents,
		lets_a_pattern_have_new_agents_only,
		takes_no_enrolment_token_that_has_expired,
		tells_that_an_enrolment_token_has_expired_after_others_were_made)
