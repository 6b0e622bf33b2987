/* show.c - nodelink show: one task, and what became of it */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/facts.h"
#include "cli/http.h"
#include "cli/list.h"
#include "cli/look.h"
#include "cli/record.h"
#include "cli/text.h"
#include "cli/timeline.h"
#include "cli/verb.h"
#include "cli/when.h"

/* ------------------------------------------------------------- what was asked */

static void
add_what(struct facts *f, const json_t *task)
{
	AUTO_BUF struct buf what = { 0 };
	AUTO_BUF struct buf labels = { 0 };

	if (look_what(&what, task) < 0 ||
		look_labels(&labels, record_object(task, "labels")) < 0) {
		f->r = -ENOMEM;
		return;
	}
	facts_add(f, *http_text(task, "cmd") ? "command" : "parameters",
		buf_text(&what));
	facts_add(f, "owner", http_text(task, "owner"));
	facts_add(f, "labels", buf_text(&labels));
}

static void
add_limits(struct facts *f, const json_t *task)
{
	const json_t *limits = record_object(task, "limits");
	static const char *const counts[] = { "pids", "open_files" };
	static const char *const sizes[] = { "memory", "file_size" };
	AUTO_BUF struct buf out = { 0 };
	char bytes[TEXT_BYTES];
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(counts) && r == 0; i++)
		if (record_has(limits, counts[i]))
			r = buf_printf(&out, "%s%s %" PRIi64,
				out.len ? ", " : "", counts[i],
				record_number(limits, counts[i]));
	for (size_t i = 0; i < ARRAY_SIZE(sizes) && r == 0; i++)
		if (record_has(limits, sizes[i]))
			r = buf_printf(&out, "%s%s %s", out.len ? ", " : "",
				sizes[i],
				text_bytes((uint64_t)record_number(
						   limits, sizes[i]),
					bytes));
	if (r == 0 && record_has(limits, "cpu"))
		r = buf_printf(&out, "%scpu %g", out.len ? ", " : "",
			json_number_value(json_object_get(limits, "cpu")));
	if (r < 0)
		f->r = r;
	facts_add(f, "limits", buf_text(&out));
}

static void
add_times(struct facts *f, const json_t *task)
{
	int64_t timeout = record_seconds(task, "timeout");
	int64_t idle = record_seconds(task, "idle_timeout");
	int64_t grace = record_seconds(record_object(task, "stop"), "grace");
	char a[WHEN_TEXT], b[WHEN_TEXT], c[WHEN_TEXT];

	facts_addf(f, "may run", TERM_PLAIN, "%s%s%s, grace %s",
		timeout ? when_span(timeout, a) : "for ever",
		idle ? ", in silence " : "", idle ? when_span(idle, b) : "",
		when_span(grace, c));
}

/* ------------------------------------------------------------- what came of it */

static void
add_status(struct facts *f, const json_t *task, int64_t now)
{
	const char *status = http_text(task, "status");
	int64_t ended = record_time(task, "finished_at");
	const json_t *cancel = record_object(task, "cancel");
	char age[WHEN_TEXT];

	if (ended)
		facts_addf(f, "status", look_status(status), "%s, %s ago",
			status, when_span(now > ended ? now - ended : 0, age));
	else
		facts_addf(f, "status", look_status(status), "%s%s%s", status,
			cancel ? ", cancel " : "", http_text(cancel, "phase"));
}

static void
add_output(struct facts *f, const json_t *task)
{
	static const struct {
		const char *name, *from;
	} streams[] = {
		{ "stdout_bytes", "stdout" },
		{ "stderr_bytes", "stderr" },
		{ "hook_bytes", "hooks" },
		{ "dropped_bytes", "dropped beyond output_limit" },
	};
	const json_t *output = record_object(task, "output");
	AUTO_BUF struct buf out = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		int64_t n = record_number(output, streams[i].name);
		char bytes[TEXT_BYTES];

		if (n && buf_printf(&out, "%s%s of %s", out.len ? ", " : "",
				 text_bytes((uint64_t)n, bytes),
				 streams[i].from) < 0)
			f->r = -ENOMEM;
	}
	facts_add(f, "output", out.len ? buf_text(&out) : "none");
}

static int
print_task(struct verb_call *call, const json_t *task, struct err *err)
{
	int64_t now = clock_wall_ms();
	AUTO_BUF struct buf drawing = { 0 };
	AUTO_FACTS struct facts f;
	int r;

	facts_init(&f, &call->out);
	facts_add(&f, "task", http_text(task, "task_id"));
	add_status(&f, task, now);
	facts_addf(&f, "agent", TERM_PLAIN, "%s, plugin %s",
		http_text(task, "agent_id"), http_text(task, "plugin"));
	add_what(&f, task);
	add_times(&f, task);
	add_limits(&f, task);
	add_output(&f, task);
	r = facts_print(&f, err);
	if (r < 0)
		return r;
	if (timeline_add(&drawing, task, now, &call->out) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	(void)putchar('\n');
	r = look_line(err, "since %s", http_text(task, "created_at"));
	if (r == 0)
		(void)fputs(buf_text(&drawing), stdout);
	return r;
}

static int
run(struct verb_call *call, struct err *err)
{
	AUTO(http_free) struct http *http = NULL;
	HTTP_ANSWER(answer);
	int r = http_new(&call->context, &http, err);

	if (r == 0)
		r = list_get(http, "/tasks/", call->words[0], &answer, err);
	if (strcmp(http_code(&answer), "no_such_task") == 0)
		return err_set(err, r,
			"there is no task '%s'; \"nodelink ps --all\" lists "
			"them",
			call->words[0]);
	if (r < 0)
		return r;
	return call->json ? verb_print_json(answer.doc, err)
			  : print_task(call, answer.doc, err);
}

const struct verb verb_show = {
	.name = "show",
	.group = "Tasks",
	.words = "ID",
	.summary = "Shows a task, and when what became of it.",
	.page = "nodelink-ps(1)",
	.run = run,
};
