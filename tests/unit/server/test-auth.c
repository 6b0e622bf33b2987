/* test-auth.c - clients' tokens, and what other processes change */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth-rig.h"
#include "base/clock.h"
#include "base/limits.h"
#include "tests/unit/unit.h"

static int
make(struct auth *a, enum auth_role role, int64_t expires_at,
	char text[AUTH_SECRET])
{
	static char name[] = "team", value[] = "red";
	const struct label label = { name, value };
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

TEST(refuses_a_client_or_a_label_that_cannot_be)
{
	static char empty[] = "", name[] = "n", equals[] = "a=b",
		    bytes[] = "\xff", large[LIMIT_LABEL_TEXT + 2];
	const struct label wrong[] = { { empty, name }, { equals, name },
		{ bytes, name }, { name, bytes }, { large, name },
		{ name, large } };
	struct auth_token_spec spec = { .client = "a b" };
	char text[AUTH_SECRET];

	memset(large, 'x', sizeof large - 1);
	setup();
	ck_assert_int_eq(auth_token_new(auth, &spec, text, NULL), -EINVAL);
	spec.client = "";
	ck_assert_int_eq(auth_token_new(auth, &spec, text, NULL), -EINVAL);
	spec.client = "ci";
	spec.n_labels = 1;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		spec.labels = &wrong[i];
		ck_assert_int_eq(
			auth_token_new(auth, &spec, text, NULL), -EINVAL);
	}
	spec.n_labels = LIMIT_LABELS + 1;
	ck_assert_int_eq(auth_token_new(auth, &spec, text, NULL), -EINVAL);
	teardown();
}
END

TEST(keeps_no_more_tokens_than_its_limit)
{
	char text[AUTH_SECRET], fill[256];

	setup();
	(void)snprintf(fill, sizeof fill,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
		" WHERE i < %d) INSERT INTO token(id, hash, client, role,"
		" created_at, expires_at) SELECT 'id' || i, zeroblob(32), 'ci',"
		" 'viewer', i, 0 FROM n",
		LIMIT_TOKENS);
	sql(fill);
	wait_change(1);
	ck_assert_int_eq(make(auth, AUTH_VIEWER, 0, text), -EDQUOT);
	ck_assert_int_eq(auth_token_revoke(auth, "id7", NULL), 0);
	ck_assert_int_eq(make(auth, AUTH_VIEWER, 0, text), 0);
	ck_assert_int_eq(make(auth, AUTH_VIEWER, 0, text), -EDQUOT);
	teardown();
}
END

	static int
	keep_id(void *arg, const struct auth_token *token)
{
	(void)snprintf(arg, AUTH_ID, "%s", token->id);
	return 0;
}

TEST(forgets_what_has_ended_a_month_ago)
{
	char text[AUTH_SECRET], id[AUTH_ID] = "";

	setup();
	sql("INSERT INTO token(id, hash, client, role, created_at, expires_at)"
	    " VALUES('old', zeroblob(32), 'ci', 'admin', 1, 2);"
	    "INSERT INTO token_label VALUES('old', 'a', 'b')");
	wait_change(1);
	ck_assert_int_eq(auth_tokens_each(auth, keep_id, id), 0);
	ck_assert_str_eq(id, "old");
	ck_assert_int_eq(make(auth, AUTH_VIEWER, 0, text), 0);
	ck_assert_int_eq(auth_tokens_each(auth, keep_id, id), 0);
	ck_assert_mem_eq(id, text + 4, strlen(id));
	teardown();
}
END

TEST(ignores_rows_that_nobody_here_has_written)
{
	char text[AUTH_SECRET], id[AUTH_ID] = "";

	setup();
	sql("INSERT INTO token(id, hash, client, role, created_at, expires_at)"
	    " VALUES('a', zeroblob(32), 'ci', 'root', 1, 0),"
	    " ('b', zeroblob(3), 'ci', 'admin', 1, 0),"
	    " ('c', zeroblob(32), '../x', 'admin', 1, 0),"
	    " ('an id that is far too long to be', zeroblob(32), 'ci', 'admin',"
	    " 1, 0); INSERT INTO token_label VALUES('nobody', 'a', 'b')");
	ck_assert_int_eq(make(command, AUTH_VIEWER, 0, text), 0);
	ck_assert_int_eq(check(text), 0);
	ck_assert_int_eq(auth_tokens_each(auth, keep_id, id), 0);
	ck_assert_mem_eq(id, text + 4, strlen(id));
	teardown();
}
END

TEST(notes_when_a_token_was_used)
{
	char text[AUTH_SECRET];

	setup();
	ck_assert_int_eq(make(auth, AUTH_VIEWER, 0, text), 0);
	ck_assert_int_eq(auth_token_find(auth, text)->used_at, 0);
	ck_assert_int_eq(check(text), 0);
	auth_free(auth); /* it writes them at the end, if not before */
	auth = open_auth(loop);
	ck_assert_int_gt(auth_token_find(auth, text)->used_at, 0);
	teardown();
}
END

/* Its write-ahead log would be taken for the new one's. */
TEST(keeps_to_what_it_knew_when_the_database_is_replaced)
{
	char text[AUTH_SECRET], unknown[AUTH_SECRET], copy[96];

	setup();
	ck_assert_int_eq(make(auth, AUTH_VIEWER, 0, text), 0);
	(void)snprintf(copy, sizeof copy, "%s.copy", path);
	auth_free(command);
	command = NULL;
	sql("DELETE FROM token");
	ck_assert_int_eq(rename(path, copy), 0);
	memcpy(unknown, text, sizeof text);
	memcpy(unknown + 4, "aaaa", 4);
	ck_assert_int_eq(check(unknown), -EACCES); /* it looks, in vain */
	ck_assert_int_eq(check(text), 0);
	ck_assert_int_eq(rename(copy, path), 0);
	ck_assert_int_eq(check(unknown), -EACCES);
	ck_assert_int_eq(check(text), -EACCES);
	teardown();
}
END

	UNIT_MAIN("auth: tokens", knows_a_token_at_once_that_it_has_made,
		knows_a_token_at_once_that_another_process_has_made,
		tells_whoever_holds_a_token_that_it_was_revoked,
		tells_that_a_token_has_expired,
		refuses_what_is_not_exactly_a_token,
		refuses_a_client_or_a_label_that_cannot_be,
		keeps_no_more_tokens_than_its_limit,
		forgets_what_has_ended_a_month_ago,
		ignores_rows_that_nobody_here_has_written,
		notes_when_a_token_was_used,
		keeps_to_what_it_knew_when_the_database_is_replaced)
