/* wait.c - nodelink wait: until tasks have ended */
#include <errno.h>
#include <stdio.h>

#include "cli/follow.h"
#include "cli/outcome.h"
#include "cli/verb.h"

static const struct conf_item items[] = {
	{ .key = "quiet",
		.flag = "quiet",
		.short_flag = 'q',
		.type = CONF_BOOL,
		.help = "only exit with its status" },
};

static int
on_event(void *arg, const struct sse_event *event, const json_t *doc)
{
	(void)arg;
	(void)event;
	(void)doc;
	return 0; /* the last one is kept by follow.c */
}

/* "ID completed", "ID cancelled by ..." */
static int
print(const struct verb_call *call, const char *id, const json_t *record,
	struct err *err)
{
	AUTO_BUF struct buf text = { 0 };
	int status = outcome_status(record);

	if (call->json || conf_bool(call->conf, "quiet"))
		return 0;
	if (outcome_text(record, &text) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	if (text.len)
		(void)printf("%s %s\n", id, buf_text(&text));
	else if (status)
		(void)printf("%s exited with status %d\n", id, status);
	else
		(void)printf("%s completed\n", id);
	(void)fflush(stdout); /* now, not with the last one; main.c sees it */
	return 0;
}

/* The record of one, once it has ended. */
static int
wait_for(const struct verb_call *call, struct http *http, const char *id,
	json_t **out, struct err *err)
{
	struct follow f;
	int r = follow_init(&f, http, id, "&output=0", NULL, err);

	f.fn = on_event;
	if (r == 0)
		r = follow_all(&f, err);
	if (r == 0)
		r = print(call, id, f.record, err);
	if (r == 0)
		*out = json_incref(f.record);
	follow_done(&f);
	return r;
}

/* One after the other: it takes as long as the longest. */
static int
wait_for_all(struct verb_call *call, struct http *http, json_t *records,
	struct err *err)
{
	int status = 0;

	for (size_t i = 0; i < call->n_words; i++) {
		json_t *record = NULL;
		int r = wait_for(call, http, call->words[i], &record, err);

		if (r < 0)
			return r;
		if (!status)
			status = outcome_status(record);
		if (json_array_append_new(records, record) < 0)
			return err_set(err, -ENOMEM, "out of memory");
	}
	return status;
}

static int
run(struct verb_call *call, struct err *err)
{
	AUTO(http_free) struct http *http = NULL;
	AUTO(json_decref) json_t *records = json_array();
	int r = records ? http_new(&call->context, &http, err)
			: err_set(err, -ENOMEM, "out of memory");
	int status;

	if (r < 0)
		return r;
	status = wait_for_all(call, http, records, err);
	if (status < 0 || !call->json)
		return status;
	r = verb_print_json(
		call->n_words == 1 ? json_array_get(records, 0) : records, err);
	return r < 0 ? r : status;
}

const struct verb verb_wait = {
	.name = "wait",
	.group = "Tasks",
	.words = "ID...",
	.summary = "Waits until tasks have ended, and exits with their status.",
	.items = items,
	.n_items = ARRAY_SIZE(items),
	.page = "nodelink-run(1)",
	.passes_status = true,
	.run = run,
};
