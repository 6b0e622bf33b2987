/* watchdog.h - a plugin's callback that does not return ends the process
 *
 * A thread of its own, asleep while no callback runs. Its last words name the
 * callback; the monitor keeps them and starts a new executor. */
#ifndef NODELINK_EXECUTOR_WATCHDOG_H
#define NODELINK_EXECUTOR_WATCHDOG_H

#include <stdint.h>

#include "base/auto.h"

struct watchdog;

/* NULL: no memory or no thread. */
struct watchdog *watchdog_new(int64_t limit_ms);
void watchdog_free(struct watchdog *w);
AUTO_DEFINE(struct watchdog *, watchdog_free)

/* Around every callback. what is static text; task_id is "" for none. Costs
 * two looks at the clock; slow ones are logged. Not nested. */
void watchdog_enter(struct watchdog *w, const char *what, const char *task_id);
void watchdog_leave(struct watchdog *w);

#endif
