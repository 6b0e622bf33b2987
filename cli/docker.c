/* docker.c - nodelink docker run: a container on an agent
 *
 * The form is docker's own: the last flag is before the image, and what is
 * behind it is the container's command. */
#include <errno.h>

#include "cli/attach.h"
#include "cli/create.h"

static const struct conf_item items[] = {
	{ .key = "volume",
		.flag = "volume",
		.short_flag = 'v',
		.arg = "SOURCE:TARGET[:ro]",
		.many = true,
		.heading = "Container",
		.help = "mount a folder of the host, or a volume" },
	{ .key = "workdir",
		.flag = "workdir",
		.short_flag = 'w',
		.arg = "DIR",
		.help = "where it begins" },
	{ .key = "entrypoint",
		.flag = "entrypoint",
		.arg = "PROGRAM",
		.help = "instead of the image's" },
	{ .key = "network",
		.flag = "network",
		.arg = "NAME",
		.help = "of the engine" },
	{ .key = "memory",
		.flag = "memory",
		.short_flag = 'm',
		.arg = "SIZE",
		.help = "most memory" },
	{ .key = "cpus",
		.flag = "cpus",
		.arg = "NUMBER",
		.help = "most processors" },
	{ .key = "pids-limit",
		.flag = "pids-limit",
		.arg = "NUMBER",
		.help = "most processes" },
	{ .key = "container-label",
		.flag = "container-label",
		.arg = "NAME=VALUE",
		.many = true,
		.help = "for the engine; --label is the task's" },
	{ .key = "pull",
		.flag = "pull",
		.arg = "WHEN",
		.help = "never, missing (default) or always" },
	{ .key = "tty",
		.flag = "tty",
		.type = CONF_BOOL,
		.help = "give it a terminal: stderr is stdout then" },
	CREATE_ITEMS,
};

/* The command, as the list that docker's exec form is. */
static int
put_command(json_t *body, const struct verb_call *call)
{
	json_t *list = call->n_rest ? json_array() : NULL;

	if (!call->n_rest)
		return 0;
	if (json_object_set_new(body, "cmd", list) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < call->n_rest; i++)
		if (json_array_append_new(list, json_string(call->rest[i])) < 0)
			return -ENOMEM;
	return 0;
}

static int
put_container(json_t *body, const struct verb_call *call)
{
	static const struct {
		const char *key, *field;
	} texts[] = {
		{ "workdir", "workdir" },
		{ "network", "network" },
		{ "memory", "memory" },
		{ "cpus", "cpus" },
		{ "pids-limit", "pids" },
		{ "pull", "pull" },
	};
	const struct conf *conf = call->conf;
	const char *entrypoint = conf_text(conf, "entrypoint");
	int r = json_object_set_new(body, "image", json_string(call->words[1]));

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(texts); i++)
		r = create_text(body, conf, texts[i].key, texts[i].field);
	if (r == 0)
		r = create_list(body, conf, "volume", "mounts");
	if (r == 0)
		r = create_list(
			body, conf, "container-label", "container_labels");
	if (r == 0 && entrypoint)
		r = json_object_set_new(
			body, "entrypoint", json_pack("[s]", entrypoint));
	if (r == 0 && conf_bool(conf, "tty"))
		r = json_object_set_new(body, "tty", json_true());
	return r < 0 ? r : put_command(body, call);
}

static int
run(struct verb_call *call, struct err *err)
{
	AUTO(json_decref) json_t *body = NULL;
	int r = create_body(call->conf, call->words[0], &body, err);

	if (r == 0 && put_container(body, call) < 0)
		return err_set(err, -ENOMEM,
			"an argument is no UTF-8 text, or out of memory");
	return r < 0 ? r : attach_run(call, "docker", body, err);
}

const struct verb verb_docker_run = {
	.name = "docker run",
	.group = "Tasks",
	.words = "AGENT IMAGE",
	.rest = "[COMMAND...]",
	.summary = "Runs a container on an agent, as if it ran here.",
	.items = items,
	.n_items = ARRAY_SIZE(items),
	.page = "nodelink-run(1)",
	.passes_status = true,
	.run = run,
};
