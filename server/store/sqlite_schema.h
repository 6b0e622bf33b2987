/* sqlite_schema.h - what is in the databases, and how older ones get there */
#ifndef NODELINK_STORE_SQLITE_SCHEMA_H
#define NODELINK_STORE_SQLITE_SCHEMA_H

#include "db/db.h"

extern const struct db_schema schema_tasks, schema_output;

#endif
