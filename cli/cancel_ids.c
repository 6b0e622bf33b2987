/* cancel_ids.c - nodelink cancel ID...
 *
 * Ctrl-C stops the waiting and no cancel. */
#include <errno.h>
#include <string.h>

#include "cli/cancel.h"
#include "cli/interrupt.h"

/* Asked for what is so already: the evidence is there as well. */
static bool
is_cancelled(const struct http_answer *answer)
{
	return strcmp(http_text(answer->doc, "status"), "cancelled") == 0;
}

/* What could not be cancelled, or is not yet. 0, or the status to exit with. */
static int
judge(const struct cancel_each *e)
{
	bool no_wait = conf_bool(e->call->conf, "no-wait");
	int status = 0;

	for (size_t i = 0; i < e->n; i++) {
		const char *error = cancel_each_error(e, i);

		if (is_cancelled(&e->answers[i]))
			continue;
		if (error)
			say("task '%s': %s", e->ids[i], error);
		if (!e->answers[i].status || error || !no_wait)
			status = STATUS_FAILED;
	}
	return status;
}

/* In a form that can be given to the next cancel. */
static int
name_the_others(const struct cancel_each *e, struct err *err)
{
	AUTO_BUF struct buf ids = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < e->n; i++)
		if (!cancel_each_asked(e, i))
			r = buf_printf(&ids, " %s", e->ids[i]);
	if (r < 0)
		return err_set(err, r, "out of memory");
	say("not waiting any more; what was asked for stays so");
	if (ids.len)
		say("not asked for:%s", buf_text(&ids));
	return 0;
}

int
cancel_ids(struct verb_call *call, struct http *http, struct err *err)
{
	__attribute__((cleanup(cancel_each_done))) struct cancel_each e = { 0 };
	AUTO_CLOSE int signals = interrupt_open(err);
	int r = signals < 0 ? signals : 0, status;

	if (r == 0)
		r = cancel_each_init(&e, call, http, call->n_words, err);
	for (size_t i = 0; r == 0 && i < e.n; i++)
		e.ids[i] = call->words[i];
	if (r == 0)
		r = cancel_each_wait(&e, signals, err);
	if (r == 0)
		r = receipt_print(call, e.answers, e.n, NULL, err);
	if (r < 0)
		return r;
	status = judge(&e);
	if (!e.signo)
		return status;
	r = name_the_others(&e, err);
	return r < 0 ? r : STATUS_SIGNAL + e.signo;
}
