/* uplink.h - between the server's stream and the executors' sockets
 *
 * A forwarder without memory: what executors say goes to the server as it is,
 * what the server says goes to the executor of its plugin as it is. Nothing
 * has to survive here: executors keep what is not acknowledged and send it
 * again after an Attach, which each gets when a stream opens and when it
 * connects. Until its Inventory has come, what it says is older than that and
 * is dropped. */
#ifndef NODELINK_UPLINK_UPLINK_H
#define NODELINK_UPLINK_UPLINK_H

#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"
#include "loop/loop.h"

struct uplink;
struct credentials;

struct uplink_conf {
	const char *agent_id;
	const char *server;
	struct credentials *credentials;
	const char *runtime_dir;
	/* Or could not connect. Unless it is being stopped it is tried again. */
	loop_fn *on_disconnected;
	/* From inside a try with the old one. */
	loop_fn *on_new_token;
	void *arg;
};

/* Works from now on. conf is borrowed for as long as the uplink lives. 0 or
 * -errno with text for what can never work. */
int uplink_new(struct loop *loop, const struct uplink_conf *conf,
	struct uplink **out, struct err *err);
void uplink_free(struct uplink *uplink);
AUTO_DEFINE(struct uplink *, uplink_free)

/* Take leave of the server; done(arg) comes in any case, after at most
 * grace_ms. */
void
uplink_stop(struct uplink *uplink, int64_t grace_ms, loop_fn *done, void *arg);

#endif
