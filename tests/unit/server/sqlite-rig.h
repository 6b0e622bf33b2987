/* sqlite-rig.h - a store on disk that is opened, closed and looked at */
#ifndef NODELINK_TESTS_SQLITE_RIG_H
#define NODELINK_TESTS_SQLITE_RIG_H

#include "store-suite.h"

extern char dir[64]; /* its folder */
extern struct err problem; /* of open_again() */

/* What is in dir, or nothing yet; the result of store_sqlite_new(). */
int open_again(struct store_limits limits);
void close_only(void);
void reopen(void);
/* Its path; static memory. */
const char *file(const char *name);
void remove_dir(void);

#endif
