/* hub-rig.h - a hub with fake streams, and what nodes and clients do to it */
#ifndef NODELINK_TESTS_HUB_RIG_H
#define NODELINK_TESTS_HUB_RIG_H

#include "fake-rpc.h"
#include "hub/hub.h"

extern struct loop *loop;
extern struct hub *hub;
extern struct metrics *metrics; /* of the hub */
extern struct rpc_stream one, two; /* connections of agent "a" */

/* To be set before setup(). 0: the default; 20. */
extern int64_t settled_after_ms, lost_after_ms;

void setup(void);
/* Agents are asked who they are; "a" has this token. Changes of auth reach the
 * hub in a turn of the loop. */
extern struct auth *auth;
extern char agent_token[AUTH_SECRET];
void setup_guarded(void);
void teardown(void);
/* Output that comes for this one task from now on is never stored. */
void slow_store(const struct task *t);
/* A disk that is full: no record that has changed is stored until it goes. */
void hold_store(void);
void let_store_go(void);
/* Another server on the same store, which has left these unfinished. */
void restart(struct task **left, size_t n);
int open_as(struct rpc_stream *s, const char *id, const char *token);
void say(struct rpc_stream *s, struct msg msg);
void hello(struct rpc_stream *s);
void inventory(struct rpc_stream *s, const struct msg_held *held, size_t n);
void connect_agent(struct rpc_stream *s);
void started(struct rpc_stream *s, const struct task *t, uint64_t seq);
void ended(struct rpc_stream *s, const struct task *t, uint64_t seq,
	struct msg_result result);
void
output(struct rpc_stream *s, const struct task *t, uint64_t seq, size_t len);
int try_create_for(const char *agent, const char *plugin,
	int64_t start_timeout_ms, struct task **out);
int try_create(const char *agent, const char *plugin, struct task **out);
struct task *create(void);
int cancel(struct task *t, int64_t grace_ms);
void took(struct rpc_stream *s, enum msg_kind kind);
void wait_final(const struct task *t);

#endif
