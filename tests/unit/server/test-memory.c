/* test-memory.c - the store that forgets when the server ends */
#include "store-suite.h"

void
suite_open(struct store_limits limits)
{
	const struct store_memory_conf conf = {
		.loop = loop = loop_new(), .dir = "/tmp", .limits = limits
	};

	ck_assert_int_eq(store_memory_new(&conf, &store), 0);
}

void
suite_close(void)
{
	store->ops->drain(store);
	store->ops->free(store);
	loop_free(loop);
}

int
main(void)
{
	return suite_run("memory", NULL);
}
