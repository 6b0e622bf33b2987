/* outcome.c - how a task ended: as an exit status, and in a sentence */
#include "cli/outcome.h"

#include <signal.h>
#include <string.h>

#include "base/parse.h"
#include "cli/http.h"
#include "cli/verb.h"

enum { CODE_TIMEOUTS = 200, CODE_OPERATORS = 300 }; /* nodelink-api(7), Codes */

/* What its process has left: a status, or 128 and a signal. -1: neither. */
static int
own_status(const json_t *record)
{
	const json_t *code = json_object_get(record, "exit_code");
	const char *name = http_text(record, "signal");
	int signo;

	if (json_is_integer(code))
		return (int)(json_integer_value(code) & 0xff);
	if (*name && parse_signal(name, &signo) == 0)
		return STATUS_SIGNAL + signo;
	return -1;
}

static json_int_t
cancel_code(const json_t *record)
{
	const json_t *cancel = json_object_get(record, "cancel");

	return json_integer_value(json_object_get(cancel, "code"));
}

static bool
is_timeout(const json_t *record)
{
	json_int_t code = cancel_code(record);

	return code >= CODE_TIMEOUTS && code < CODE_OPERATORS;
}

int
outcome_status(const json_t *record)
{
	const char *status = http_text(record, "status");
	const char *failure = http_text(record, "failure");
	int own = own_status(record);

	if (strcmp(status, "completed") == 0)
		return own < 0 ? 0 : own;
	if (strcmp(status, "cancelled") == 0) {
		if (is_timeout(record))
			return STATUS_TIMEOUT;
		return own > 0 ? own : STATUS_SIGNAL + SIGTERM;
	}
	if (strcmp(failure, "oom") == 0)
		return own > 0 ? own : STATUS_SIGNAL + SIGKILL;
	return own > 0 ? own : STATUS_OURS;
}

/* ------------------------------------------------------------------ sentences */

/* "; SIGTERM, then killed 2 processes" */
static int
add_receipt(const json_t *receipt, struct buf *out)
{
	const json_t *signals = json_object_get(receipt, "signals");
	size_t killed = json_array_size(json_object_get(receipt, "killed"));
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(signals); i++) {
		const char *name = json_plain_text(json_array_get(signals, i));

		r = buf_add_text(out, i ? ", " : "; ");
		if (r == 0 && name)
			r = term_safe(out, name);
	}
	if (r == 0 && killed)
		r = buf_printf(out, "; killed %zu process%s", killed,
			killed == 1 ? "" : "es");
	return r;
}

static double
seconds(const json_t *record, const char *name)
{
	return json_number_value(json_object_get(record, name));
}

static int
add_timeout(const json_t *record, struct buf *out)
{
	switch (cancel_code(record)) {
	case 200:
		return buf_printf(out,
			"its time of %g s was over (--timeout says how long, "
			"0 for ever)",
			seconds(record, "timeout"));
	case 201:
		return buf_printf(out,
			"its agent was not there within %g s (--start-timeout)",
			seconds(record, "start_timeout"));
	case 202:
		return buf_printf(out,
			"it was silent for %g s (--idle-timeout)",
			seconds(record, "idle_timeout"));
	default: return buf_add_text(out, "its time was over");
	}
}

/* "by me@10.0.0.1: enough" */
static int
add_asker(const json_t *cancel, struct buf *out)
{
	const char *actor = http_text(cancel, "actor");
	const char *reason = http_text(cancel, "reason");
	int r = *actor ? buf_add_text(out, " by ") : 0;

	if (r == 0)
		r = term_safe(out, actor);
	if (r == 0 && *reason)
		r = buf_add_text(out, ": ");
	return r < 0 ? r : term_safe(out, reason);
}

static int
cancelled(const json_t *record, struct buf *out)
{
	int r = buf_add_text(out, "cancelled");

	if (r == 0 && is_timeout(record))
		r = buf_add_text(out, ": ");
	if (r == 0)
		r = is_timeout(record)
			    ? add_timeout(record, out)
			    : add_asker(json_object_get(record, "cancel"), out);
	return r < 0 ? r : add_receipt(json_object_get(record, "receipt"), out);
}

/* "failed: refused: user 'x' is not allowed (tasks.allow_users)" */
static int
failed(const json_t *record, struct buf *out)
{
	const char *texts[] = { "failed: ", http_text(record, "failure"), ": ",
		http_text(record, "message"), " (setting ",
		http_text(record, "rule"), ")" };
	size_t n = *texts[5] ? 7 : *texts[3] ? 4 : 2;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = term_safe(out, texts[i]);
	return r;
}

int
outcome_text(const json_t *record, struct buf *out)
{
	const char *failure = http_text(record, "failure");
	const char *signal = http_text(record, "signal");

	if (strcmp(http_text(record, "status"), "cancelled") == 0)
		return cancelled(record, out);
	if (strcmp(failure, "signal") == 0) {
		int r = buf_add_text(out, "ended by ");

		return r < 0 ? r : term_safe(out, signal);
	}
	if (!*failure || strcmp(failure, "exit") == 0)
		return term_safe(out, http_text(record, "message"));
	return failed(record, out);
}
