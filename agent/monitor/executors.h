/* executors.h - the executors of all plugins, each at its place
 *
 * One for each plugin gets the new tasks. What an earlier monitor has left
 * running is that one, if it was started with the very same settings; else it
 * is retired: it goes on with its tasks at its place, and a new one starts at
 * another. All those of a plugin that our settings do not have any more are
 * retired, too, and nobody starts in their place. So no task is judged by settings that are not those of today, and
 * none is ended because they have changed. */
#ifndef NODELINK_MONITOR_EXECUTORS_H
#define NODELINK_MONITOR_EXECUTORS_H

#include "base/auto.h"
#include "base/err.h"
#include "loop/loop.h"
#include "monitor/settings.h"

struct executors;

/* Starts nothing yet. settings is borrowed. 0 or -ENOMEM with text. */
int executors_new(struct loop *loop, const struct settings *settings,
	struct executors **out, struct err *err);
void executors_free(struct executors *e);
AUTO_DEFINE(struct executors *, executors_free)

void executors_start(struct executors *e);
/* done(arg) when all of them are dead. Called again, they are told again. */
void executors_stop(struct executors *e, loop_fn *done, void *arg);

#endif
