/* monitor.h - all the programs of an agent: executors and an uplink
 *
 * They are started together and kept running. Stopping goes from the inside
 * out: executors first, so that the uplink can still tell the server how their
 * tasks ended, then the uplink. */
#ifndef NODELINK_MONITOR_MONITOR_H
#define NODELINK_MONITOR_MONITOR_H

#include "base/err.h"
#include "loop/loop.h"
#include "monitor/settings.h"

struct monitor;

/* Starts nothing yet. settings is borrowed. 0 or -ENOMEM with text. */
int monitor_new(struct loop *loop, const struct settings *settings,
	struct monitor **out, struct err *err);
void monitor_free(struct monitor *m);
AUTO_DEFINE(struct monitor *, monitor_free)

void monitor_start(struct monitor *m);
/* done(arg) when all of them are dead, or with on_stop = leave when the uplink
 * is. Called again, executors are told again, which takes the grace from their
 * tasks. */
void monitor_stop(struct monitor *m, loop_fn *done, void *arg);

#endif
