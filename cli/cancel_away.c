/* cancel_away.c - a server that goes away while cancels are waited for
 *
 * One that was there is asked again, with growing pauses: a second cancel of a
 * task is the same one, and one that is cancelled stays so. One that has too
 * much to do says when. */
#include <stdio.h>

#include "base/clock.h"
#include "cli/cancel.h"

enum {
	PAUSE_MS = 200,
	PAUSE_MAX_MS = 5000,
	AWAY_MS = 5 * 60 * 1000, /* then it is not coming back */
	CUTS_MAX = 3, /* of connections to who never answers */
	AGENTS_MS = 30 * 1000, /* until agents are at a server that is back */
};

static void
tell(const struct cancel_each *e, const char *why)
{
	if (conf_bool(e->call->conf, "quiet"))
		return;
	(void)fputs(term_erase(&e->call->err), stderr);
	say("%s; trying again", why);
}

static void
is_back(struct cancel_away *a)
{
	if (a->since)
		a->back_at = clock_ms();
	a->told = false;
	a->since = 0;
	a->pause_ms = PAUSE_MS;
}

/* Never heard, and what there is to wait for is over. */
static bool
is_silent(const struct cancel_each *e)
{
	return !e->away.heard && conf_bool(e->call->conf, "no-wait") &&
	       clock_ms() - e->since >= HTTP_WAIT_MS;
}

static void
pause_once(struct cancel_away *a, int64_t now, int64_t wanted_ms)
{
	int64_t pause_ms = a->pause_ms ? a->pause_ms : PAUSE_MS;

	a->again_at = now + (wanted_ms > pause_ms ? wanted_ms : pause_ms);
	a->pause_ms = pause_ms * 2 < PAUSE_MAX_MS ? pause_ms * 2 : PAUSE_MAX_MS;
}

/* Those that break together count once. */
static bool
waits_for_it(struct cancel_each *e, bool sent)
{
	struct cancel_away *a = &e->away;
	int64_t now = clock_ms();

	if (!a->since)
		a->since = now;
	if (sent && !a->heard && now >= a->again_at)
		a->cuts++;
	return (a->heard || (a->cuts && a->cuts <= CUTS_MAX)) &&
	       now - a->since < AWAY_MS && !is_silent(e) &&
	       cancel_each_left(e) != 0;
}

/* What was refused so has to be asked for, however little is to be waited. */
static bool
waits_its_turn(struct cancel_away *a)
{
	int64_t now = clock_ms();

	is_back(a);
	if (!a->limited_since)
		a->limited_since = now;
	return now - a->limited_since < AWAY_MS;
}

bool
cancel_away_again(struct cancel_each *e, bool sent, int r,
	const struct http_answer *answer, const struct err *err)
{
	struct cancel_away *a = &e->away;
	bool limited = http_limited(answer);
	int64_t now = clock_ms();
	bool again;

	a->heard = a->heard || answer->status;
	if (!limited && !http_away(r) && !http_lost(r, answer)) {
		is_back(a);
		a->limited_since = 0;
		return false;
	}
	again = limited ? waits_its_turn(a) : waits_for_it(e, sent);
	if (again && now >= a->again_at) {
		if (a->pause_ms > PAUSE_MS && !a->told && !limited) {
			tell(e, err->text);
			a->told = true;
		}
		pause_once(a, now, answer->retry_ms);
	}
	return again;
}

bool
cancel_away_returns(const struct cancel_away *a)
{
	return a->back_at && clock_ms() - a->back_at < AGENTS_MS;
}
