/* stop.c - how much the task that we follow is to be ended, and asking for it
 */
#include "cli/stop.h"

#include <errno.h>
#include <signal.h>

#include "base/clock.h"
#include "base/parse.h"
#include "cli/verb.h"

enum {
	STEP_MS = 500, /* signals that are closer are one step */
	AGAIN_MS = 1000, /* a cancel that has not reached the server */
};

/* -------------------------------------------------------------------- wanted */

bool
stop_signal(struct stop *s, int signo)
{
	int64_t now = clock_ms();

	if (!s->signo)
		s->signo = signo;
	if (s->want != STOP_NOT &&
		(signo == SIGHUP || now - s->counted_at < STEP_MS))
		return false;
	s->want += s->want < STOP_LEAVE;
	s->counted_at = now;
	return true;
}

void
stop_cancel(struct stop *s)
{
	s->want = STOP_CANCEL;
	s->counted_at = clock_ms();
}

/* --------------------------------------------------------------------- asked */

static int
ask(struct stop *s, struct http *http, const char *id, struct err *err)
{
	AUTO_BUF struct buf path = { 0 };
	struct http_request request = { .method = "DELETE" };
	int r = buf_printf(&path, "/tasks/%s?wait=0%s&reason=", id,
		s->want >= STOP_KILL ? "&force=1" : "");

	if (r == 0)
		r = http_escape(&path, s->signo ? signal_name(s->signo)
						: "nobody reads its output");
	if (r < 0)
		return err_set(err, r, "out of memory");
	request.path = buf_text(&path);
	s->asked = s->want;
	return http_start(http, &request, &s->call, err);
}

/* The events will tell the rest. */
static void
end_ask(struct stop *s)
{
	HTTP_ANSWER(answer);
	struct err err = { "" };
	int r = http_result(s->call, &answer, &err);

	http_stop(TAKE(s->call));
	if (r == 0 || answer.status == 400) { /* 400: it has ended already */
		s->accepted = s->asked;
		return;
	}
	if (!s->again_at || r == -EACCES)
		say("cannot cancel the task: %s", err.text);
	if (r == -EACCES) /* and will not be able to */
		return;
	s->asked = STOP_NOT;
	s->again_at = clock_ms() + AGAIN_MS;
}

int
stop_turn(struct stop *s, struct http *http, const char *id, struct err *err)
{
	if (s->call && http_ended(s->call))
		end_ask(s);
	return s->want > s->asked && !s->call && clock_ms() >= s->again_at
		       ? ask(s, http, id, err)
		       : 0;
}

int64_t
stop_due_ms(const struct stop *s)
{
	return s->want > s->asked && !s->call ? s->again_at : -1;
}

void
stop_done(struct stop *s)
{
	http_stop(s->call);
	*s = (struct stop){ 0 };
}

const char *
stop_left(const struct stop *s)
{
	switch (s->accepted) {
	case STOP_CANCEL: return "the task is being cancelled";
	case STOP_KILL:
	case STOP_LEAVE: return "the task is being killed";
	case STOP_NOT: break;
	}
	return "the task may go on";
}
