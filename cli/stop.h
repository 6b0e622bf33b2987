/* stop.h - how much the task that we follow is to be ended, and asking for it
 *
 * The first signal cancels the task, a later one kills it, a third one leaves
 * it. Hang-ups come in pairs: the shell and the kernel send SIGHUP when a
 * terminal is closed, systemd SIGTERM and then SIGHUP. That is one step, and
 * the task keeps its grace: a signal counts when the one that counted last is
 * half a second old, and SIGHUP only as the first. */
#ifndef NODELINK_CLI_STOP_H
#define NODELINK_CLI_STOP_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/http.h"

enum stop_level { STOP_NOT, STOP_CANCEL, STOP_KILL, STOP_LEAVE };

struct stop {
	enum stop_level want;
	enum stop_level asked; /* by the request that is under way, or was */
	enum stop_level accepted; /* the server has said so */
	int signo; /* the first one that came */
	int64_t counted_at;
	struct http_call *call; /* under way */
	int64_t again_at; /* not before */
};

/* Whether it counts: want is one more then. */
bool stop_signal(struct stop *s, int signo);
/* For a reason of our own: nobody reads the output. */
void stop_cancel(struct stop *s);

/* After each http_turn(): asks the server for what is wanted, again and again
 * until it has answered. 0 or -ENOMEM with text. */
int
stop_turn(struct stop *s, struct http *http, const char *id, struct err *err);
/* When stop_turn() is due without anything having come; negative: never. */
int64_t stop_due_ms(const struct stop *s);
void stop_done(struct stop *s);

/* Of a task that was left: what becomes of it, as far as we know. */
const char *stop_left(const struct stop *s);

#endif
