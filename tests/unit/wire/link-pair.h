/* link-pair.h - a link under test and what is at its other end: a second link
 * or bare bytes */
#ifndef NODELINK_TESTS_LINK_PAIR_H
#define NODELINK_TESTS_LINK_PAIR_H

#include "base/buf.h"
#include "base/clock.h"
#include "tests/unit/unit.h"
#include "wire/link.h"

/* What the user of a link saw. */
struct seen {
	struct link *link;
	struct buf text; /* small frames, each followed by ';' */
	size_t frames, bytes;
	int drained, ends, end_r;
	int pause_after, free_after; /* frames; 0: never */
	bool free_at_end;
};

extern struct loop *loop;
extern int bare; /* the other end, or -1 */
extern struct seen seen, peer; /* peer.link: the other end, or NULL */

void open_bare(void);
void open_pair(void);
void close_all(void);

/* Turns of the loop that do not wait. */
void turns(int n);
void send_text(struct link *link, const char *text);
/* Write to the bare end. */
void say(const char *bytes, size_t len);
#define SAY(literal) say(literal, sizeof literal - 1)

#define WAIT_FOR(condition) \
	do { \
		int64_t give_up = clock_ms() + unit_wait_ms(); \
		while (!(condition) && clock_ms() < give_up) \
			loop_turn(loop, 100); \
		ck_assert_msg((condition), "waited for: %s", #condition); \
	} while (0)

#endif
