/* auth-rig.h - a database of a server, and a second connection to it */
#ifndef NODELINK_TESTS_AUTH_RIG_H
#define NODELINK_TESTS_AUTH_RIG_H

#include "auth/auth.h"

extern char path[64]; /* in a folder of its own */
extern struct loop *loop;
extern struct auth *auth; /* the server's */
extern struct auth *command; /* of another process, as it were */
extern unsigned n_changes; /* calls of auth's on_change() */

void setup(void);
void teardown(void);
/* on: NULL for a command */
struct auth *open_auth(struct loop *on);
/* Until on_change() has come so often. */
void wait_change(unsigned n);
/* Statements by hand. */
void sql(const char *text);

#endif
