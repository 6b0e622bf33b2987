/* api-rig.h - the API over real HTTP, real hub and store, and a fake agent */
#ifndef NODELINK_TESTS_SERVER_API_RIG_H
#define NODELINK_TESTS_SERVER_API_RIG_H

#include "api/api.h"
#include "client.h"
#include "fake-rpc.h"

extern struct api api;
extern uint16_t api_port;
extern struct rpc_stream agent; /* "a1" with plugins shell and login */
extern struct client c;
extern char id[ID_MAX]; /* of the task created last */
extern char credentials[192]; /* header lines of c's requests; "" at first */

void setup(void);
void setup_asking(void); /* clients are asked who they are */
void teardown(void);

/* A new token of this client, until the next call; label: "name", "value" or
 * NULL. */
const char *token_for(const char *client, enum auth_role role,
	const char *label, const char *value);
/* The requests of `c` are this one's from now on; NULL: nobody's. */
void as(const char *token);

/* What the agent says; about the task `id`. */
void say(struct msg msg);
void started(void);
void output(uint64_t seq, enum msg_stream stream, const char *text);
void ended(uint64_t seq, struct msg_result result);

/* Requests of `c`; all but api_delete() wait for the reply. */
void get(const char *path);
void post(const char *path, const char *body);
void create(void); /* a shell task with label k=v */
void del(const char *path);
void api_delete(const char *query); /* of the task `id` */
/* The text with `id` in place of '#'; until the next call. */
const char *with_id(const char *fmt);

#endif
