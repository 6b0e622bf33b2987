/* auth-rig.c - a database of a server, and a second connection to it */
#include "auth-rig.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "tests/unit/unit.h"

static char dir[] = "/tmp/test-auth-XXXXXX";
char path[64];
struct loop *loop;
struct auth *auth, *command;
unsigned n_changes;

static void
count_change(void *arg)
{
	(void)arg;
	n_changes++;
}

struct auth *
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

void
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

void
teardown(void)
{
	auth_free(command);
	auth_free(auth);
	loop_free(loop);
	(void)unlink(path);
	(void)rmdir(dir);
}

void
wait_change(unsigned n)
{
	int64_t end = clock_ms() + unit_wait_ms();

	while (n_changes < n && clock_ms() < end)
		loop_turn(loop, 100);
	ck_assert_uint_ge(n_changes, n);
}

void
sql(const char *text)
{
	sqlite3 *db = NULL;
	char *why = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(db, text, NULL, NULL, &why) == SQLITE_OK,
		"%s", why);
	ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}
