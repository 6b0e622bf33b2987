/* rig.h - a whole server in this process, with two agents
 *
 * HTTP is real, the agents' streams are not. Agent "a" has the plugins shell
 * and login, "b" has shell. */
#ifndef NODELINK_TESTS_FUZZ_RIG_H
#define NODELINK_TESTS_FUZZ_RIG_H

#include "api/api.h"
#include "tests/fuzz/fake-rpc.h"

extern struct api rig;
extern struct rpc_stream rig_a, rig_b;
extern char rig_token[AUTH_SECRET]; /* a viewer's */

enum rig_kind { RIG_HUB, RIG_HTTP, RIG_GUARDED };
/* RIG_HUB has no HTTP; RIG_GUARDED wants to know who asks: rig_token. */
void rig_open(enum rig_kind kind);
void rig_close(void);

/* Start the agent's stream; it says who it is and what it has. */
void rig_connect(const char *id, struct rpc_stream *s);
void rig_say(struct rpc_stream *s, struct msg msg);
/* A task on the agent "a" or "b"; borrowed, as long as it is not over. */
struct task *rig_create(const char *agent_id);

/* Send the bytes on a new connection and take the answer, which is freed by the
 * next call. */
const struct buf *rig_ask(const uint8_t *data, size_t len);

#endif
