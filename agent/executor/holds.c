/* holds.c - the containments of an executor: which rung, and their removal
 *
 * A containment is removed soon after its end. The kernel may need a moment for
 * that, or somebody may have entered from outside: then it is tried again, and
 * the task's result does not wait for it. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fnv.h"
#include "base/log.h"
#include "executor/hold_internal.h"
#include "executor/scratch.h"
#include "executor/task.h"

enum {
	PREFIX_MAX = 64, /* as struct contain_options has it */
	LEAVE_MS = 5, /* until the first try, then doubling */
	LEAVE_TRIES = 14, /* more than a minute */
	LAST_TRIES = 20, /* at the executor's end, LEAVE_MS apart */
};

static void
hold_free(struct hold *hold)
{
	contain_free(hold->contain);
	free(hold);
}

/* True when it is gone. Somebody who entered after the end is killed. */
static bool
leave(struct hold *hold)
{
	if (contain_remove(hold->contain) == 0)
		return true;
	if (contain_is_empty(hold->contain) != 1)
		hold_kill_once(hold);
	return false;
}

static void
leave_all(struct holds *holds, bool last)
{
	for (struct hold **at = &holds->leaving; *at;) {
		struct hold *hold = *at;
		bool gone = leave(hold);

		if (!gone && !last) {
			at = &hold->next;
			continue;
		}
		if (!gone)
			log_warn(0, "cannot remove the containment '%s'",
				hold->name);
		*at = hold->next;
		hold_free(hold);
	}
}

static void
leave_again(void *arg)
{
	struct holds *holds = arg;

	holds->tries++;
	leave_all(holds, holds->tries >= LEAVE_TRIES);
	if (holds->leaving)
		loop_timer_set(holds->timer, (int64_t)LEAVE_MS << holds->tries);
}

void
hold_leave(struct hold *hold)
{
	struct holds *holds;

	if (!hold)
		return;
	holds = hold->ex->holds;
	hold_rest(hold);
	loop_timer_free(TAKE(hold->look));
	hold->next = holds->leaving;
	holds->leaving = hold;
	/* Not now: it would only delay the result. */
	if (holds->tries || !loop_timer_active(holds->timer))
		loop_timer_set(holds->timer, LEAVE_MS);
	holds->tries = 0;
}

/* --------------------------------------------------------- of the executor */

/* Whoever comes next with the same scratch folder ends what is left in groups of
 * this name: another agent on this host, even of the same name, does not. Names
 * that are too long together are told apart by a hash. */
static void
make_prefix(const struct executor *ex, char out[PREFIX_MAX + 1])
{
	const char *scratch = scratch_path(ex->scratch);
	char text[2 * ID_MAX + 32];

	(void)snprintf(text, sizeof text, "nodelink-%s-%s-%08x.",
		ex->opt.agent_id, ex->plugin->v.name,
		(unsigned)fnv_add(FNV_START, scratch, strlen(scratch)));
	if (strlen(text) > PREFIX_MAX) {
		(void)snprintf(text, sizeof text, "nodelink-%016llx.",
			(unsigned long long)fnv_add(
				FNV_START, text, strlen(text)));
	}
	(void)snprintf(out, PREFIX_MAX + 1, "%.*s", PREFIX_MAX, text);
}

static int
choose_rungs(const char *name, struct contain_options *out, struct err *err)
{
	out->first = CONTAIN_CGROUP2;
	out->last = CONTAIN_GROUP;
	if (!name || strcmp(name, "auto") == 0)
		return 0;
	out->first = out->last = contain_rung_parse(name);
	if (out->first == CONTAIN_RUNGS)
		return err_set(
			err, -EINVAL, "containment '%s' is unknown", name);
	return 0;
}

int
holds_new(struct executor *ex, struct err *err)
{
	char prefix[PREFIX_MAX + 1];
	struct contain_options options = { .prefix = prefix,
		.shim = ex->opt.shim,
		.pids = ex->opt.limits.pids };
	struct holds *holds = ex->holds = calloc(1, sizeof *holds);
	int r = choose_rungs(ex->opt.containment, &options, err);

	if (r < 0)
		return r;
	if (holds)
		holds->timer = loop_timer_new(ex->loop, leave_again, holds);
	if (!holds || !holds->timer)
		return err_set(err, -ENOMEM, "out of memory");
	make_prefix(ex, prefix);
	r = contain_host_new(&options, &holds->host, err);
	if (r == 0 && *contain_host_why(holds->host))
		log_info("tasks are held by '%s'; %s", holds_name(ex),
			contain_host_why(holds->host));
	return r;
}

void
holds_free(struct executor *ex)
{
	struct holds *holds = ex->holds;

	if (!holds)
		return;
	for (int i = LAST_TRIES; holds->leaving; i--) {
		leave_all(holds, i == 0);
		if (holds->leaving)
			(void)poll(NULL, 0, LEAVE_MS);
	}
	contain_host_free(holds->host);
	loop_timer_free(holds->timer);
	free(TAKE(ex->holds));
}

const char *
holds_name(const struct executor *ex)
{
	return contain_rung_name(contain_host_rung(ex->holds->host));
}

bool
holds_are_complete(const struct executor *ex)
{
	return contain_rung_is_complete(contain_host_rung(ex->holds->host));
}

int
holds_sweep(const struct executor *ex, struct group_member *out, size_t max)
{
	return contain_host_sweep(ex->holds->host, out, max);
}

const char *
holds_limit(const struct executor *ex, enum contain_limit which)
{
	return contain_host_limit(ex->holds->host, which);
}
