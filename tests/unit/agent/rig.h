/* rig.h - an executor with a fake uplink in one process, for tests */
#ifndef NODELINK_TESTS_RIG_H
#define NODELINK_TESTS_RIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "executor/executor.h"
#include "loop/loop.h"
#include "tests/unit/unit.h"
#include "wire/link.h"

enum { RIG_SEEN = 65536 };

struct rig {
	struct loop *loop;
	struct plugin *plugin;
	struct executor *ex;
	struct link *link;
	struct executor_options options; /* set before rig_open() */
	char scratch[64]; /* used when options.scratch is NULL */
	struct msg_box *seen[RIG_SEEN]; /* all that came, in order */
	size_t n_seen;
	bool no_ack; /* else output and results are acknowledged */
	bool failed, stopped, ended;
};

/* file: of the build tree, "plugins/.libs/shell.so". A test program whose name
 * ends in that of a rung runs on it, any other on the best. */
void rig_open(struct rig *rig, const char *file);
/* What the executor says that it holds tasks with. */
const char *rig_rung(struct rig *rig);
/* Can no process leave it? */
bool rig_is_complete(struct rig *rig);
/* Does the rung of this program work here? Else text says why not. */
bool rig_can_run(struct err *err);
/* Removes the scratch folder, too. */
void rig_close(struct rig *rig);
/* A new connection, and Attach. What was seen before stays. */
void rig_attach(struct rig *rig);
/* Forget what was seen. */
void rig_forget(struct rig *rig);

void rig_send(struct rig *rig, const struct msg *msg);
/* One parameter, and options from `start` (NULL: defaults). */
void rig_start(struct rig *rig, const char *id, const char *name,
	const char *value, const struct msg_start *start);
void rig_cancel(struct rig *rig, const char *id, int64_t grace_ms);
void rig_ack(struct rig *rig, const char *id, uint64_t seq, uint64_t window,
	bool final);

/* The loop runs for so long: to see that something does not happen. */
void rig_run(struct rig *rig, int64_t ms);
/* It runs until this is so, as UNIT_UNTIL(). */
#define RIG_UNTIL(rig, condition) UNIT_UNTIL((rig)->loop, condition)
/* The n-th message (from 0) of this kind about the task; fails the test when
 * it does not come in time. */
const struct msg *
rig_wait(struct rig *rig, const char *id, enum msg_kind kind, size_t n);
const struct msg *
rig_find(struct rig *rig, const char *id, enum msg_kind kind, size_t n);
size_t rig_count(struct rig *rig, const char *id, enum msg_kind kind);
const struct msg_result *rig_result(struct rig *rig, const char *id);
/* All output of one stream of the task so far. */
void rig_output(struct rig *rig, const char *id, enum msg_stream stream,
	struct buf *out);

#endif
