/* fake-host.h - the host, as far as the parts of the docker plugin need one */
#ifndef NODELINK_TESTS_FAKE_HOST_H
#define NODELINK_TESTS_FAKE_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct fake_value {
	const char *name;
	const char *values[8]; /* ended by NULL */
};

struct fake_host {
	const struct fake_value *settings, *params; /* ended by name NULL */
	const char *const *env;
	size_t room; /* of emit() */
	struct buf out[2];
};

extern struct fake_host fake;

/* Everything empty, plenty of room, and the service table is ours. */
void fake_host_open(void);
void fake_host_close(void);

#endif
