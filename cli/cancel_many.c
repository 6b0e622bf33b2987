/* cancel_many.c - nodelink cancel --label: all unfinished tasks that fit */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "cli/cancel.h"
#include "cli/list.h"
#include "cli/look.h"
#include "cli/record.h"

static int
make_path(const struct conf *conf, struct buf *out)
{
	char *const *labels;
	size_t n = conf_texts(conf, "label", &labels);
	int r = buf_add_text(out, "/tasks");

	for (size_t i = 0; r == 0 && i < n; i++)
		r = list_query(out, "label", labels[i]);
	if (r == 0)
		r = list_query(out, "agent_id", conf_text(conf, "agent"));
	if (r == 0)
		r = list_query(out, "plugin", conf_text(conf, "plugin"));
	if (r == 0)
		r = list_query(out, "owner", conf_text(conf, "owner"));
	if (r == 0 && conf_bool(conf, "dry-run"))
		r = list_query(out, "dry_run", "1");
	return r < 0 ? r
		     : cancel_query(conf, NULL,
			       conf_is_set(conf, "wait")
				       ? conf_number(conf, "wait")
				       : -1,
			       out);
}

static int
print_tasks(const struct verb_call *call, const json_t *doc, struct err *err)
{
	static const struct table_column columns[] = { { .title = "TASK" },
		{ .title = "AGENT", .gives = true }, { .title = "STATUS" },
		{ .title = "CANCEL" } };
	AUTO(table_free)
	struct table *table = table_new(columns, ARRAY_SIZE(columns));
	const json_t *tasks = record_list(doc, "tasks");
	int r = table ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < json_array_size(tasks); i++) {
		const json_t *task = json_array_get(tasks, i);
		const char *status = http_text(task, "status");
		const struct table_cell row[] = {
			{ .text = http_text(task, "task_id") },
			{ .text = http_text(task, "agent_id") },
			{ .text = status,
				.style = term_style(
					&call->out, look_status(status)) },
			{ .text = http_text(task, "phase") },
		};

		r = table_row(table, row);
	}
	if (r < 0)
		return err_set(err, r, "out of memory");
	return json_array_size(tasks) ? look_print(table, &call->out, err) : 0;
}

/* "3 tasks match; 2 are cancelled, 1 had ended by itself" */
static void
print_sum(const json_t *doc)
{
	static const struct {
		const char *name, *text;
	} counts[] = {
		{ "cancelled", "are cancelled" },
		{ "ended", "had ended by themselves" },
		{ "undeliverable", "were lost with their agent" },
		{ "unfinished", "are not ended yet" },
		{ "left", "more match: do it again" },
	};
	const char *between = "; ";

	(void)fprintf(stderr, "nodelink: %" PRIi64 " unfinished tasks match",
		record_number(doc, "matched"));
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		int64_t n = record_number(doc, counts[i].name);

		if (!n || (record_bool(doc, "dry_run") &&
				  i + 1 < ARRAY_SIZE(counts)))
			continue;
		(void)fprintf(
			stderr, "%s%" PRIi64 " %s", between, n, counts[i].text);
		between = ", ";
	}
	(void)fputs(record_bool(doc, "dry_run") ? "; nothing was cancelled\n"
						: "\n",
		stderr);
}

int
cancel_many(struct verb_call *call, struct http *http, struct err *err)
{
	bool quiet = conf_bool(call->conf, "quiet");
	bool no_wait = conf_bool(call->conf, "no-wait");
	AUTO_BUF struct buf path = { 0 };
	HTTP_ANSWER(answer);
	struct http_request request = { .method = "DELETE",
		.wait_ms = HTTP_EVER };
	int r = make_path(call->conf, &path);

	if (r < 0)
		return err_set(err, r, "out of memory");
	request.path = buf_text(&path);
	r = http_ask(http, &request, &answer, err);
	if (r == 0 && call->json)
		r = verb_print_json(answer.doc, err);
	else if (r == 0 && !quiet)
		r = print_tasks(call, answer.doc, err);
	if (r < 0)
		return r;
	if (!call->json && !quiet)
		print_sum(answer.doc);
	return answer.status == 200 || no_wait ? 0 : STATUS_FAILED;
}
