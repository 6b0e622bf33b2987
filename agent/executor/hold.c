/* hold.c - a containment on the loop: kill until nobody is left, and say so
 *
 * Where the kernel tells when nobody is left we wait for that. Elsewhere we
 * look: at once and a few more times while the last ones are dying, then, as
 * long as nobody was killed, when one of them, which we follow by its pidfd,
 * has died. What has survived SIGKILL is killed again with back-off. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "executor/hold_internal.h"
#include "executor/task.h"

enum {
	LOOKS_AT_ONCE = 16, /* on successive turns of the loop */
	LOOKS_QUICK = 21, /* then after 1, 2, 4, 8, 16 ms */
	LOOKS_TOLD = 24, /* begin after 256 ms where the kernel tells */
	LOOK_MAX_MS = 30000, /* doubling up to here */
	FOLLOW_MS = 100, /* when nobody can be followed */
	ALIVE_MAX = 64, /* survivors that are named */
};

/* ------------------------------------------------------------- waiting for it */

static void
unfollow(struct hold *hold)
{
	if (hold->follow_fd < 0)
		return;
	loop_watch_free(TAKE(hold->watch));
	(void)close(TAKE_FD(hold->follow_fd));
}

void
hold_rest(struct hold *hold)
{
	unfollow(hold);
	loop_watch_free(TAKE(hold->watch));
	if (hold->look)
		loop_timer_stop(hold->look);
	hold->awaited = false;
}

static int64_t
look_delay(unsigned looks)
{
	unsigned slow;

	if (looks <= LOOKS_AT_ONCE)
		return 0;
	slow = looks - LOOKS_AT_ONCE - 1;
	return slow >= 15 ? LOOK_MAX_MS : (int64_t)1 << slow;
}

static bool
is_told(const struct hold *hold)
{
	unsigned events;

	return contain_fd(hold->contain, &events) >= 0;
}

static void look(void *arg);

static void
look_after(struct hold *hold, unsigned looks)
{
	hold->looks = looks;
	if (!hold->look)
		hold->look = loop_timer_new(hold->ex->loop, look, hold);
	if (hold->look)
		loop_timer_set(hold->look, look_delay(looks));
	else
		executor_fail(hold->ex, "out of memory");
}

static void
followed_died(void *arg, int fd, unsigned ready)
{
	struct hold *hold = arg;

	(void)fd;
	(void)ready;
	unfollow(hold);
	look_after(hold, 0);
}

/* Wake up when this one dies. The number may be somebody else's by now: then
 * the wake-up is needless, no more. */
static void
follow(struct hold *hold, pid_t pid)
{
	hold->follow_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (hold->follow_fd >= 0)
		hold->watch = child_watch(
			hold->ex->loop, hold->follow_fd, followed_died, hold);
	if (!hold->watch) { /* dead, or no descriptors */
		unfollow(hold);
		loop_timer_set(hold->look, FOLLOW_MS);
	}
}

void
hold_kill_once(struct hold *hold)
{
	int r = contain_kill(hold->contain);

	if (r < 0)
		log_error(r, "cannot kill what is in '%s'", hold->name);
	hold->strokes = r > 0;
}

/* The quick looks did not see the end. True: it has come. */
static bool
look_closely(struct hold *hold)
{
	struct group_member alive[ALIVE_MAX];
	int n = contain_list(hold->contain, alive, ALIVE_MAX);

	if (n == 0 && contain_is_empty(hold->contain) == 1)
		return true;
	/* Those that hold it may be on no list: a zombie that somebody traces,
	 * a thread that cannot leave the kernel. */
	if (hold->killed) {
		if (!hold->strokes)
			hold_kill_once(hold);
		hold->watcher.alive(hold->watcher.arg, alive,
			n < 0		? 0
			: n < ALIVE_MAX ? (size_t)n
					: ALIVE_MAX);
	}
	if (hold->killed || n <= 0)
		loop_timer_set(hold->look, look_delay(hold->looks));
	else if (!is_told(hold))
		follow(hold, alive[0].pid);
	return false;
}

static void
look(void *arg)
{
	struct hold *hold = arg;
	bool quick = ++hold->looks <= LOOKS_QUICK;
	bool empty = contain_is_empty(hold->contain) == 1;

	if (!empty && hold->strokes)
		hold_kill_once(hold);
	if (!empty && quick)
		loop_timer_set(hold->look, look_delay(hold->looks));
	else if (!empty)
		empty = look_closely(hold);
	if (!empty)
		return;
	hold_rest(hold);
	hold->watcher.changed(hold->watcher.arg);
}

static void
event_came(void *arg, int fd, unsigned ready)
{
	struct hold *hold = arg;

	(void)fd;
	(void)ready;
	/* Reading also arms the watch for what happens from now on. */
	if (contain_is_empty(hold->contain) != 1)
		return;
	hold_rest(hold);
	hold->watcher.changed(hold->watcher.arg);
}

static void
await(struct hold *hold)
{
	unsigned events;
	int fd = contain_fd(hold->contain, &events);

	if (hold->awaited)
		return;
	hold->awaited = true;
	if (fd < 0) {
		look_after(hold, 0);
		return;
	}
	hold->watch =
		loop_watch_new(hold->ex->loop, fd, events, event_came, hold);
	if (!hold->watch)
		executor_fail(hold->ex, "cannot watch a containment");
}

bool
hold_is_empty(struct hold *hold)
{
	/* An error is no proof. */
	if (contain_is_empty(hold->contain) == 1) {
		hold_rest(hold);
		return true;
	}
	await(hold);
	return false;
}

void
hold_look_soon(struct hold *hold)
{
	if (!hold->awaited || is_told(hold))
		return;
	unfollow(hold);
	look_after(hold, 0);
}

bool
hold_kill(struct hold *hold)
{
	bool any = contain_is_empty(hold->contain) != 1;

	hold_kill_once(hold);
	if (!any)
		return false;
	hold->killed = true;
	unfollow(hold);
	await(hold);
	look_after(hold, is_told(hold) && !hold->strokes ? LOOKS_TOLD : 0);
	return true;
}

/* ------------------------------------------------------------- being made */

int
hold_new(struct executor *ex, const char *name,
	const struct contain_limits *limits, const struct hold_watcher *watcher,
	struct hold **out, struct err *err)
{
	static const struct contain_limits none;
	struct hold *hold = calloc(1, sizeof *hold);
	int r;

	if (!hold)
		return err_set(err, -ENOMEM, "out of memory");
	if (!limits)
		limits = &none;
	(void)stpncpy(hold->name, name, sizeof hold->name - 1);
	r = contain_new(
		ex->holds->host, hold->name, limits, &hold->contain, err);
	if (r == -EEXIST) { /* one of that name is being removed */
		(void)snprintf(hold->name, sizeof hold->name, "%.70s.%llx",
			name, (unsigned long long)++ex->last_id);
		r = contain_new(ex->holds->host, hold->name, limits,
			&hold->contain, err);
	}
	if (r < 0) {
		free(hold);
		return r;
	}
	hold->ex = ex;
	hold->watcher = *watcher;
	hold->follow_fd = -1;
	*out = hold;
	return 0;
}

struct contain *
hold_contain(struct hold *hold)
{
	return hold->contain;
}
