/* sqlite-rig.c - a store on disk that is opened, closed and looked at */
#include "sqlite-rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

char dir[64];
struct err problem;

int
open_again(struct store_limits limits)
{
	const struct store_sqlite_conf conf = { .loop = loop = loop_new(),
		.dir = dir,
		.limits = limits,
		.linger_ms = 20,
		.held_max = 1 << 20 };
	int r = store_sqlite_new(&conf, &store, &problem);

	if (r < 0)
		loop_free(loop);
	return r;
}

void
close_only(void)
{
	store->ops->drain(store);
	store->ops->free(store);
	loop_free(loop);
}

void
reopen(void)
{
	close_only();
	ck_assert_msg(open_again(plenty) == 0, "%s", problem.text);
}

void
suite_open(struct store_limits limits)
{
	(void)snprintf(dir, sizeof dir, "/tmp/nl-test-sqlite-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_msg(open_again(limits) == 0, "%s", problem.text);
}

const char *
file(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	return path;
}

void
remove_dir(void)
{
	static const char *const names[] = { "lock", "tasks.db", "output.db",
		"tasks.db-wal", "output.db-wal", "tasks.db-shm",
		"output.db-shm" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unlink(file(names[i]));
	ck_assert_int_eq(rmdir(dir), 0);
}

void
suite_close(void)
{
	close_only();
	remove_dir();
}
