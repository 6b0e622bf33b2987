/* sqlite_schema.h - what is in the databases, and how older ones get there */
#ifndef NODELINK_STORE_SQLITE_SCHEMA_H
#define NODELINK_STORE_SQLITE_SCHEMA_H

#include <stddef.h>

struct schema {
	const char *name;
	const char *const *steps; /* from version i to i + 1 */
	size_t n_steps; /* so the present version */
};
extern const struct schema schema_tasks, schema_output;

#endif
