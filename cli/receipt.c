/* receipt.c - what became of cancelled tasks */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/cancel.h"
#include "cli/facts.h"
#include "cli/look.h"
#include "cli/record.h"
#include "cli/when.h"

/* "SIGTERM, SIGCONT" */
static int
add_signals(struct buf *out, const json_t *receipt)
{
	const json_t *signals = record_list(receipt, "signals");
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(signals); i++) {
		const char *name = json_plain_text(json_array_get(signals, i));

		r = buf_printf(out, "%s%s", i ? ", " : "", name ? name : "?");
	}
	return r;
}

/* "2 processes: sleep (4711), make (4712)" */
static int
add_killed(struct buf *out, const json_t *receipt)
{
	const json_t *killed = record_list(receipt, "killed");
	size_t n = json_array_size(killed);
	int r = n ? buf_printf(out, "%zu process%s: ", n, n == 1 ? "" : "es")
		  : 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		const json_t *one = json_array_get(killed, i);

		r = buf_printf(out, "%s%s (%" PRIi64 ")", i ? ", " : "",
			http_text(one, "name"), record_number(one, "pid"));
	}
	return r;
}

/* From the request to the proof; "" when there is none. */
static const char *
took(const json_t *cancel, char out[WHEN_TEXT])
{
	int64_t from = record_time(cancel, "requested_at");
	int64_t to = record_time(cancel, "verified_at");

	out[0] = 0;
	return from && to >= from ? when_span(to - from, out) : out;
}

static void
add_evidence(struct facts *f, const json_t *doc)
{
	const json_t *receipt = record_object(doc, "receipt");
	const char *held = http_text(receipt, "containment");
	char span[WHEN_TEXT];

	(void)took(record_object(doc, "cancel"), span);
	if (receipt)
		facts_addf(f, "left", TERM_PLAIN, "%s%s%s%s%s%s",
			record_number(receipt, "survivors")
				? "processes that survive"
				: "nothing",
			*span ? ", after " : "", span, *held ? " (" : "", held,
			*held ? ")" : "");
}

static void
add_hooks(struct facts *f, const json_t *receipt)
{
	const json_t *hooks = record_list(receipt, "hooks");
	size_t n = json_array_size(hooks), bad = 0;
	char failed[64] = "";

	for (size_t i = 0; i < n; i++) {
		const json_t *code =
			json_object_get(json_array_get(hooks, i), "exit_code");

		bad += !json_is_integer(code) || json_integer_value(code);
	}
	if (bad)
		(void)snprintf(failed, sizeof failed,
			", %zu failed: nodelink show", bad);
	if (n)
		facts_addf(f, "hooks", TERM_PLAIN, "%zu run%s", n, failed);
}

static int
print_one(const struct verb_call *call, const json_t *doc, struct err *err)
{
	const json_t *cancel = record_object(doc, "cancel");
	const json_t *receipt = record_object(doc, "receipt");
	const char *status = http_text(doc, "status");
	const char *reason = http_text(cancel, "reason");
	bool over =
		record_has(doc, "error") || strcmp(status, "cancelled") == 0;
	AUTO_BUF struct buf signals = { 0 };
	AUTO_BUF struct buf killed = { 0 };
	AUTO_FACTS struct facts f;

	facts_init(&f, &call->out);
	if (add_signals(&signals, receipt) < 0 ||
		add_killed(&killed, receipt) < 0)
		f.r = -ENOMEM;
	facts_add(&f, "task", http_text(doc, "task_id"));
	facts_addf(&f, "status", look_status(status), "%s%s%s%s", status,
		over ? "" : ", cancel ", over ? "" : http_text(cancel, "phase"),
		over ? "" : ": not verified yet");
	facts_addf(&f, "why", TERM_PLAIN, "%s%s%s", http_text(cancel, "name"),
		*reason ? ": " : "", reason);
	facts_add(&f, "by", http_text(cancel, "actor"));
	facts_add(&f, "signals", buf_text(&signals));
	facts_add(&f, "killed", buf_text(&killed));
	add_hooks(&f, receipt);
	add_evidence(&f, doc);
	return facts_print(&f, err);
}

/* agent: NULL when the table has no column for it. */
static int
add_row(struct table *table, const struct verb_call *call, const json_t *doc,
	const char *agent)
{
	const json_t *receipt = record_object(doc, "receipt");
	const json_t *cancel = record_object(doc, "cancel");
	const char *status = http_text(doc, "status");
	AUTO_BUF struct buf signals = { 0 };
	char span[WHEN_TEXT], killed[24] = "";
	size_t n = json_array_size(record_list(receipt, "killed"));
	struct table_cell row[7];
	size_t k = 0;

	if (add_signals(&signals, receipt) < 0)
		return -ENOMEM;
	if (receipt)
		(void)snprintf(killed, sizeof killed, "%zu", n);
	row[k++] = (struct table_cell){ .text = http_text(doc, "task_id") };
	if (agent)
		row[k++] = (struct table_cell){ .text = agent };
	row[k++] = (struct table_cell){ .text = status,
		.style = term_style(&call->out, look_status(status)) };
	row[k++] = (struct table_cell){ .text = http_text(cancel, "phase") };
	row[k++] = (struct table_cell){ .text = buf_text(&signals) };
	row[k++] = (struct table_cell){ .text = killed };
	row[k++] = (struct table_cell){ .text = took(cancel, span) };
	return table_row(table, row);
}

static int
print_table(const struct verb_call *call, const struct http_answer *answers,
	size_t n, const json_t *tasks, struct err *err)
{
	struct table_column columns[] = { { .title = "TASK" },
		{ .title = "AGENT", .gives = true }, { .title = "STATUS" },
		{ .title = "CANCEL" }, { .title = "SIGNALS", .gives = true },
		{ .title = "KILLED", .right = true },
		{ .title = "TOOK", .right = true } };
	AUTO(table_free) struct table *table = NULL;
	int r = 0;

	if (!tasks) /* nobody has told us the agents */
		memmove(&columns[1], &columns[2],
			sizeof columns - 2 * sizeof *columns);
	table = table_new(columns, ARRAY_SIZE(columns) - !tasks);
	if (!table)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++)
		if (record_has(answers[i].doc, "cancel"))
			r = add_row(table, call, answers[i].doc,
				tasks ? http_text(json_array_get(tasks, i),
						"agent_id")
				      : NULL);
	if (r < 0)
		return err_set(err, r, "out of memory");
	return table_rows(table) ? look_print(table, &call->out, err) : 0;
}

static int
print_json(const struct http_answer *answers, size_t n, struct err *err)
{
	AUTO(json_decref) json_t *list = json_array();

	if (n == 1)
		return answers->doc ? verb_print_json(answers->doc, err) : 0;
	for (size_t i = 0; i < n; i++) /* null where there was no answer */
		(void)json_array_append_new(
			list, answers[i].doc ? json_incref(answers[i].doc)
					     : json_null());
	return verb_print_json(list, err);
}

int
receipt_print(const struct verb_call *call, const struct http_answer *answers,
	size_t n, const json_t *tasks, struct err *err)
{
	if (call->json)
		return print_json(answers, n, err);
	if (conf_bool(call->conf, "quiet"))
		return 0;
	if (n > 1 || tasks)
		return print_table(call, answers, n, tasks, err);
	return record_has(answers->doc, "cancel")
		       ? print_one(call, answers->doc, err)
		       : 0;
}
