/* uplink-rig.h - an uplink between executors of the test's and fake-rpc.h */
#ifndef NODELINK_TESTS_UPLINK_RIG_H
#define NODELINK_TESTS_UPLINK_RIG_H

#include "base/clock.h"
#include "tests/unit/agent/fake-rpc.h"
#include "tests/unit/unit.h"
#include "wire/link.h"

/* One fake executor: it listens, takes one connection, remembers requests. */
struct executor {
	const char *plugin;
	unsigned place;
	char path[108];
	int listener;
	struct loop_watch *watch;
	struct link *link;
	size_t requests, bytes;
	enum msg_kind last;
};

extern struct loop *loop;
extern struct executor shell, before; /* of the same plugin */

#define WAIT_FOR(condition) \
	do { \
		int64_t give_up = clock_ms() + unit_wait_ms(); \
		while (!(condition) && clock_ms() < give_up) \
			loop_turn(loop, 100); \
		ck_assert_msg((condition), "waited for: %s", #condition); \
	} while (0)

void executor_start(struct executor *ex);
void executor_stop(struct executor *ex);
void respond(struct executor *ex, struct msg *msg);
void respond_inventory(struct executor *ex);
void respond_output(struct executor *ex, uint64_t seq);
void set_up(void);
void tear_down(void);
void set_up_attached(void);
void tear_down_attached(void);
void check_sent(size_t i, enum msg_kind kind);
void deliver(enum msg_kind kind, const char *agent_id, const char *plugin);

#endif
