/* timeline.h - what became of a task and when, drawn from its record
 *
 * Pure. One line an event, in the order of time, with its distance from the
 * creation; long silences are told in a line of their own:
 *
 *	     0 ms  ┬  created
 *	    +5 ms  ├  started    pid 4711 as nobody, held by cgroup2
 *	           ┊  1.2 s
 *	 +1200 ms  └  completed  exit 0
 */
#ifndef NODELINK_CLI_TIMELINE_H
#define NODELINK_CLI_TIMELINE_H

#include <stdint.h>

#include "base/buf.h"
#include "cli/term.h"
#include "json/json.h"

/* Appends the lines; they are wrapped to the width of a terminal. `now_ms` is
 * the wall clock, for tasks that have not ended. 0 or -ENOMEM. */
int timeline_add(struct buf *out, const json_t *task, int64_t now_ms,
	const struct term *term);

#endif
