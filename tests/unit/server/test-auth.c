/* test-auth.c - clients' tokens, and what other processes change */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth/auth.h"
#include "base/clock.h"
#include "base/log.h"
#include "tests/unit/unit.h"

static char dir[] = "/tmp/test-auth-XXXXXX", path[64];
static struct loop *loop;
static struct auth *auth, *command;
static unsigned n_changes;

static void
count_change(void *arg)
{
	(void)arg;
	n_changes++;
}

static struct auth *
open_auth(struct loop *on)
{
	const struct auth_conf conf = { .path = path,
		.on_change = count_change };
	struct auth *a = NULL;
	struct err err = { "" };
	int r = auth_new(on, &conf, &a, &err);

	ck_assert_msg(r == 0, "%s", err.text);
	return a;
}

static void
setup(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof path, "%s/auth.db", dir);
	n_changes = 0;
	loop = loop_new();
	auth = open_auth(loop);
	command = open_auth(NULL);
}

static void
teardown(void)
{
	auth_free(command);
	auth_free(auth);
	loop_free(loop);
	(void)unlink(path);
	(void)rmdir(dir);
}

static void
wait_change(unsigned n)
{
	int64_t end = clock_ms() + 10000;

	while (n_changes < n && clock_ms() < end)
		loop_turn(loop, 100);
	ck_assert_uint_ge(n_changes, n);
}

static int
make(struct auth *a, enum auth_role role, int64_t expires_at,
	char text[AUTH_SECRET])
{
	static char name[] = "team", value[] = "red";
	const struct auth_label label = { name, value };
	const struct auth_token_spec spec = { .client = "ci",
		.role = role,
		.labels = &label,
		.n_labels = 1,
		.expires_at = expires_at };
	struct err err = { "" };

	return auth_token_new(a, &spec, text, &err);
}

static int
check(const char *text)
{
	AUTO(auth_token_unref) struct auth_token *t = NULL;
	struct err err = { "" };

	return auth_check(auth, text, &t, &err);
}

TEST(knows_a_token_at_once_that_it_has_made)
{
	AUTO(auth_token_unref) struct auth_token *t = NULL;
	char text[AUTH_SECRET];

	setup();
	ck_assert_int_eq(make(auth, AUTH_OPERATOR, 0, text), 0);
	ck_assert_int_eq(auth_check(auth, text, &t, NULL), 0);
	ck_assert_str_eq(t->client, "ci");
	ck_assert_int_eq((int)t->role, AUTH_OPERATOR);
	ck_assert_uint_eq(t->n_labels, 1);
	ck_assert_str_eq(t->labels[0].value, "red");
	ck_assert(auth_token_valid(t));
	teardown();
}
END

TEST(knows_a_token_at_once_that_another_process_has_made)
{
	char text[AUTH_SECRET];

	setup();
	ck_assert_int_eq(make(command, AUTH_VIEWER, 0, text), 0);
	ck_assert_int_eq(check(text), 0);
	wait_change(1);
	ck_assert_int_eq(check(text), 0);
	teardown();
}
END

TEST(tells_whoever_holds_a_token_that_it_was_revoked)
{
	AUTO(auth_token_unref) struct auth_token *t = NULL;
	AUTO(auth_token_unref) struct auth_token *other = NULL;
	char text[AUTH_SECRET], second[AUTH_SECRET];

	setup();
	ck_assert_int_eq(make(auth, AUTH_VIEWER, 0, text), 0);
	ck_assert_int_eq(make(auth, AUTH_VIEWER, 0, second), 0);
	ck_assert_int_eq(auth_check(auth, text, &t, NULL), 0);
	ck_assert_int_eq(auth_check(auth, second, &other, NULL), 0);
	wait_change(1);
	auth_free(command);
	command = open_auth(NULL);
	ck_assert_int_eq(auth_token_revoke(command, t->id, NULL), 0);
	wait_change(2);
	ck_assert(t->gone);
	ck_assert(!other->gone);
	ck_assert_int_eq(check(text), -EKEYREVOKED);
	ck_assert_int_eq(auth_token_revoke(auth, t->id, NULL), -ENOENT);
	teardown();
}
END

TEST(tells_that_a_token_has_expired)
{
	AUTO(auth_token_unref) struct auth_token *t = NULL;
	char text[AUTH_SECRET];

	setup();
	ck_assert_int_eq(
		make(auth, AUTH_VIEWER, clock_wall_ms() + 1500, text), 0);
	ck_assert_int_eq(auth_check(auth, text, &t, NULL), 0);
	wait_change(2); /* made, expired */
	ck_assert(!auth_token_valid(t));
	ck_assert_int_eq(check(text), -EKEYEXPIRED);
	teardown();
}
END

TEST(refuses_what_is_not_exactly_a_token)
{
	char text[AUTH_SECRET], wrong[AUTH_SECRET + 2];

	setup();
	ck_assert_int_eq(make(auth, AUTH_VIEWER, 0, text), 0);
	for (size_t i = 0; i < strlen(text); i++) {
		memcpy(wrong, text, sizeof text);
		wrong[i] = wrong[i] == 'x' ? 'y' : 'x';
		ck_assert_int_eq(check(wrong), -EACCES);
		wrong[i] = 0;
		ck_assert_int_eq(check(wrong), -EACCES);
	}
	(void)snprintf(wrong, sizeof wrong, "%sa", text);
	ck_assert_int_eq(check(wrong), -EACCES);
	ck_assert_int_eq(check(text), 0);
	teardown();
}
END

	UNIT_MAIN("auth: tokens", knows_a_token_at_once_that_it_has_made,
		knows_a_token_at_once_that_another_process_has_made,
		tells_whoever_holds_a_token_that_it_was_revoked,
		tells_that_a_token_has_expired,
		refuses_what_is_not_exactly_a_token)
