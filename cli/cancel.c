/* cancel.c - nodelink cancel: end tasks, and show the evidence */
#include "cli/cancel.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "cli/list.h"

static const struct conf_item items[] = {
	{ .key = "force",
		.flag = "force",
		.short_flag = 'f',
		.type = CONF_BOOL,
		.help = "SIGKILL at once" },
	{ .key = "grace",
		.flag = "grace",
		.short_flag = 'g',
		.type = CONF_DURATION,
		.help = "from the stop signal to SIGKILL; can only be "
			"shortened" },
	{ .key = "reason",
		.flag = "reason",
		.short_flag = 'r',
		.arg = "TEXT",
		.help = "why, for people" },
	{ .key = "code",
		.flag = "code",
		.arg = "NAME",
		.help = "why, for programs: user_request, maintenance, "
			"x.site.name, ..." },
	{ .key = "no-wait",
		.flag = "no-wait",
		.type = CONF_BOOL,
		.help = "do not wait for the evidence" },
	{ .key = "wait",
		.flag = "wait",
		.type = CONF_DURATION,
		.help = "longest wait for it (the server's default: the grace "
			"and 5s)" },
	{ .key = "quiet",
		.flag = "quiet",
		.short_flag = 'q',
		.type = CONF_BOOL,
		.help = "print nothing but errors" },
	{ .key = "label",
		.flag = "label",
		.short_flag = 'l',
		.arg = "NAME[=VALUE]",
		.many = true,
		.heading = "Instead of IDs, all unfinished tasks that fit",
		.help = "that have this label" },
	{ .key = "agent",
		.flag = "agent",
		.arg = "AGENT",
		.help = "of this agent" },
	{ .key = "plugin",
		.flag = "plugin",
		.arg = "NAME",
		.help = "of this plugin" },
	{ .key = "owner",
		.flag = "owner",
		.arg = "CLIENT",
		.help = "of this client" },
	{ .key = "dry-run",
		.flag = "dry-run",
		.short_flag = 'n',
		.type = CONF_BOOL,
		.help = "only say which they are" },
};

int
cancel_query(const struct conf *conf, int64_t wait_ms, struct buf *path)
{
	bool no_wait = conf_bool(conf, "no-wait");
	char wait[24];
	int r = 0;

	(void)snprintf(wait, sizeof wait, "%" PRIi64 "ms", wait_ms);
	if (conf_bool(conf, "force"))
		r = list_query(path, "force", "1");
	if (r == 0 && (no_wait || wait_ms >= 0))
		r = list_query(path, "wait", no_wait ? "0" : wait);
	if (r == 0)
		r = list_query(path, "grace", conf_text(conf, "grace"));
	if (r == 0)
		r = list_query(path, "reason", conf_text(conf, "reason"));
	if (r == 0)
		r = list_query(path, "code", conf_text(conf, "code"));
	return r;
}

int64_t
cancel_patience(const struct conf *conf, int64_t wait_ms)
{
	if (conf_bool(conf, "no-wait"))
		return HTTP_WAIT_MS;
	return wait_ms < 0 ? HTTP_EVER : HTTP_WAIT_MS + wait_ms;
}

/* A filter that is forgotten would hit everything. */
static int
check(const struct verb_call *call, bool many, struct err *err)
{
	const struct conf *conf = call->conf;

	if (conf_is_set(conf, "wait") && conf_bool(conf, "no-wait"))
		return err_set(err, -EINVAL,
			"--wait and --no-wait exclude each other");
	if (many && call->n_words)
		return err_set(err, -EINVAL,
			"either IDs, or --label, --agent, --plugin, --owner");
	if (many && !conf_is_set(conf, "label") && !conf_is_set(conf, "agent"))
		return err_set(err, -EINVAL,
			"--label or --agent is needed to say which tasks");
	if (!many && !call->n_words)
		return err_set(err, -EINVAL,
			"which tasks? IDs, or --label or --agent for all that "
			"fit; \"nodelink ps\" lists them");
	if (!many && conf_bool(conf, "dry-run"))
		return err_set(
			err, -EINVAL, "--dry-run is for --label and --agent");
	return 0;
}

static int
run(struct verb_call *call, struct err *err)
{
	static const char *const filters[] = { "label", "agent", "plugin",
		"owner" };
	AUTO(http_free) struct http *http = NULL;
	bool many = false;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(filters); i++)
		many |= conf_is_set(call->conf, filters[i]);
	r = check(call, many, err);
	if (r == 0)
		r = http_new(&call->context, &http, err);
	if (r < 0)
		return r;
	return many ? cancel_many(call, http, err)
		    : cancel_ids(call, http, err);
}

const struct verb verb_cancel = {
	.name = "cancel",
	.group = "Tasks",
	.words = "[ID]...",
	.summary = "Ends tasks, and shows what that took.",
	.items = items,
	.n_items = ARRAY_SIZE(items),
	.page = "nodelink-cancel(1)",
	.run = run,
};
