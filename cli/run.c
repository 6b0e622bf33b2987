/* run.c - nodelink run: a command on an agent, as if it ran here */
#include <errno.h>
#include <string.h>

#include "cli/attach.h"
#include "cli/create.h"

static const struct conf_item items[] = {
	{ .key = "cwd",
		.flag = "cwd",
		.short_flag = 'w',
		.arg = "DIR",
		.help = "where it begins" },
	{ .key = "shell",
		.flag = "shell",
		.arg = "NAME",
		.help = "bash or sh, for a command line" },
	CREATE_ITEMS,
	{ .key = "limit",
		.flag = "limit",
		.arg = "NAME=VALUE",
		.many = true,
		.heading = "On the node",
		.help = "pids, memory, cpu, open_files or file_size" },
	{ .key = "orphans",
		.flag = "orphans",
		.arg = "HOW",
		.help = "what it leaves behind: kill (default) or wait" },
	{ .key = "strict",
		.flag = "strict",
		.type = CONF_BOOL,
		.help = "only where no process can leave its containment" },
	{ .key = "seccomp",
		.flag = "seccomp",
		.arg = "HOW",
		.help = "filter of system calls: default or none" },
	{ .key = "plugin",
		.flag = "plugin",
		.arg = "NAME",
		.fallback = "shell",
		.heading = "Other plugins",
		.help = "which one; \"nodelink plugins AGENT\" lists them" },
	{ .key = "param",
		.flag = "param",
		.short_flag = 'p',
		.arg = "NAME=VALUE",
		.many = true,
		.help = "a field of that plugin" },
};

static int
put_line(json_t *body, const struct verb_call *call)
{
	AUTO_FREE char *line = create_line(call->rest, call->n_rest);

	return line && json_object_set_new(body, "cmd", json_string(line)) == 0
		       ? 0
		       : -ENOMEM;
}

/* What belongs to the shell plugin only, or to the others only. */
static int
put_plugin(json_t *body, const struct verb_call *call, struct err *err)
{
	const struct conf *conf = call->conf;
	int r;

	if (strcmp(conf_text(conf, "plugin"), "shell") != 0) {
		if (call->n_rest)
			return err_set(err, -EINVAL,
				"plugin '%s' takes no command; its fields are "
				"given with --param",
				conf_text(conf, "plugin"));
		return create_pairs(body, conf, "param", "params", false, err);
	}
	if (!call->n_rest)
		return err_set(err, -EINVAL,
			"what is to be run? nodelink run %s -- COMMAND",
			call->words[0]);
	if (conf_is_set(conf, "param"))
		return err_set(err, -EINVAL, "--param is for other plugins");
	r = create_text(body, conf, "cwd", "cwd");
	if (r == 0)
		r = create_text(body, conf, "shell", "shell");
	return r < 0 ? r : put_line(body, call);
}

static int
put_node(json_t *body, const struct conf *conf, struct err *err)
{
	int r = create_pairs(body, conf, "limit", "limits", true, err);

	if (r == 0)
		r = create_text(body, conf, "orphans", "orphans");
	if (r == 0)
		r = create_text(body, conf, "seccomp", "seccomp");
	if (r == 0 && conf_bool(conf, "strict") &&
		json_object_set_new(
			body, "containment", json_string("strict")) < 0)
		r = -ENOMEM;
	return r;
}

static int
run(struct verb_call *call, struct err *err)
{
	AUTO(json_decref) json_t *body = NULL;
	int r = create_body(call->conf, call->words[0], &body, err);

	if (r < 0)
		return r;
	r = put_node(body, call->conf, err);
	if (r == 0)
		r = put_plugin(body, call, err);
	if (r == -ENOMEM)
		return err_set(err, r,
			"an argument is no UTF-8 text, or out of memory");
	return r < 0 ? r
		     : attach_run(call, conf_text(call->conf, "plugin"), body,
			       err);
}

const struct verb verb_run = {
	.name = "run",
	.group = "Tasks",
	.words = "AGENT",
	.rest = "[-- COMMAND...]",
	.summary = "Runs a command on an agent, as if it ran here.",
	.items = items,
	.n_items = ARRAY_SIZE(items),
	.page = "nodelink-run(1)",
	.passes_status = true,
	.run = run,
};
