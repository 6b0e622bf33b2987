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

void setup(void);
void teardown(void);

/* What the agent says; about the task `id`. */
void say(struct msg msg);
void started(void);
void output(uint64_t seq, enum msg_stream stream, const char *text);
void ended(uint64_t seq, struct msg_result result);

/* Requests of `c`; all but api_delete() wait for the reply. */
void get(const char *path);
void post(const char *path, const char *body);
void create(void); /* a shell task with label k=v */
void api_delete(const char *query); /* of the task `id` */
/* The text with `id` in place of '#'; until the next call. */
const char *with_id(const char *fmt);

#endif
