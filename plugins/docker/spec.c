/* spec.c - from a task's parameters to what the engine is asked to make
 *
 * There is no parameter for anything privileged: what is not in the table is
 * refused by the host, and what is in it, by the node's policy. */
#include "spec.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "engine.h"
#include "policy.h"

enum { LOG_VERSION = 39, INIT_VERSION = 25 };

const struct ndl_field spec_params[] = {
	{ "operation", "run", "run, start, stop or logs", NDL_TEXT, 0 },
	{ "image", NULL, "image to run", NDL_TEXT, 0 },
	{ "cmd", NULL, "program and arguments (default: the image's)", NDL_TEXT,
		NDL_LIST },
	{ "entrypoint", NULL, "instead of the image's", NDL_TEXT, NDL_LIST },
	{ "workdir", NULL, "working directory", NDL_PATH, 0 },
	{ "user", NULL,
		"user in the container (default: the node's, or the image's)",
		NDL_TEXT, 0 },
	{ "network", NULL, "network (default: the node's first)", NDL_TEXT, 0 },
	{ "memory", NULL, "most memory", NDL_SIZE, 0 },
	{ "cpus", NULL, "most processors, like 1.5", NDL_TEXT, 0 },
	{ "pids", NULL, "most processes", NDL_INT, 0 },
	{ "mounts", NULL, "SOURCE:TARGET or SOURCE:TARGET:ro", NDL_TEXT,
		NDL_LIST },
	{ "container_labels", NULL, "NAME=VALUE", NDL_TEXT, NDL_LIST },
	{ "tty", "no", "give it a terminal", NDL_BOOL, 0 },
	{ "pull", "missing", "fetch the image: never, missing or always",
		NDL_TEXT, 0 },
	{ "container_id", NULL, "name or id, for start, stop and logs",
		NDL_TEXT, 0 },
	{ 0 },
};

static int wrong(struct refusal *why, const char *fmt, ...) NDL_PRINTF(2, 3);
static int forbid(struct refusal *why, const char *rule, const char *fmt, ...)
	NDL_PRINTF(3, 4);

static int
wrong(struct refusal *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why->text, sizeof why->text, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* rule: the setting that does not allow it. */
static int
forbid(struct refusal *why, const char *rule, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why->text, sizeof why->text, fmt, ap);
	va_end(ap);
	why->rule = rule;
	return -EPERM;
}

/* Which of the words; -1: none of them. */
static int
choice(const char *text, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(text, words[i]) == 0)
			return i;
	return -1;
}

/* ------------------------------------------------------------------ checks */

/* SOURCE:TARGET[:ro|rw] */
struct mount {
	char source[2048];
	const char *target; /* to the end of the text, with the mode */
	bool read_only;
};

static bool
parse_mount(const char *text, struct mount *out)
{
	const char *colon = strchr(text, ':'), *mode;
	size_t len = colon ? (size_t)(colon - text) : 0;

	if (!len || len >= sizeof out->source || colon[1] != '/')
		return false;
	memcpy(out->source, text, len);
	out->source[len] = 0;
	out->target = colon + 1;
	mode = strchr(out->target, ':');
	out->read_only = mode && strcmp(mode, ":ro") == 0;
	return !mode || out->read_only || strcmp(mode, ":rw") == 0;
}

static int
check_mounts(const struct ndl_task *task, struct refusal *why)
{
	const char *const *list = host->param_list(task, "mounts");
	struct mount m;

	for (; list && *list; list++) {
		if (!parse_mount(*list, &m))
			return wrong(why,
				"parameter 'mounts': want SOURCE:TARGET[:ro], not '%s'",
				*list);
		if (!policy_allows_mount(m.source, m.read_only))
			return forbid(why, "mounts",
				"this node does not let tasks mount '%s'%s",
				m.source, m.read_only ? "" : " for writing");
	}
	return 0;
}

static int
check_labels(const struct ndl_task *task, struct refusal *why)
{
	const char *const *list = host->param_list(task, "container_labels");

	for (; list && *list; list++)
		if (!strchr(*list, '=') || **list == '=' ||
			strncmp(*list, "nodelink.", 9) == 0)
			return wrong(why,
				"parameter 'container_labels': want NAME=VALUE, and not nodelink.*, not '%s'",
				*list);
	return 0;
}

static int
check_limit(
	uint64_t asked, uint64_t most, const char *name, struct refusal *why)
{
	return most && asked > most
		       ? forbid(why, name,
				 "parameter '%s' is more than this node allows",
				 name)
		       : 0;
}

static int
check_limits(const struct ndl_task *task, struct refusal *why)
{
	const struct policy_limits *most = policy_limits();
	const char *cpus = host->param(task, "cpus");
	int64_t pids = ndl_int(host->param(task, "pids"));
	uint64_t nano = 0;
	int r;

	if (cpus && !policy_parse_cpus(cpus, &nano))
		return wrong(why,
			"parameter 'cpus': want a number like 1.5, not '%s'",
			cpus);
	if (pids < 0)
		return wrong(why, "parameter 'pids': want a number above 0");
	r = check_limit(nano, most->nano_cpus, "cpus", why);
	if (r == 0)
		r = check_limit((uint64_t)pids, most->pids, "pids", why);
	return r < 0 ? r
		     : check_limit(ndl_size(host->param(task, "memory")),
			       most->memory, "memory", why);
}

static int
check_user(const struct ndl_task *task, struct refusal *why)
{
	const char *user;

	return host->param(task, "user") || policy_default_user(&user)
		       ? 0
		       : forbid(why, "users",
				 "this node has tasks name a user that it allows (parameter 'user')");
}

static int
check_allowed(const struct ndl_task *task, struct refusal *why)
{
	static const struct {
		enum policy_list list;
		const char *param, *rule;
	} lists[] = { { POLICY_IMAGES, "image", "images" },
		{ POLICY_USERS, "user", "users" },
		{ POLICY_NETWORKS, "network", "networks" } };

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		const char *value = host->param(task, lists[i].param);

		if (value && !policy_allows(lists[i].list, value))
			return forbid(why, lists[i].rule,
				"this node does not let tasks use %s '%s'",
				lists[i].param, value);
	}
	return check_user(task, why);
}

/* It becomes part of a path. */
static bool
is_container_name(const char *text)
{
	return text && *text && *text != '.' &&
	       strspn(text,
		       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		       "0123456789_.-") == strlen(text);
}

int
spec_read(const struct ndl_task *task, struct spec *out, struct refusal *why)
{
	static const char *const operations[] = { "run", "start", "stop",
		"logs", NULL };
	static const char *const pulls[] = { "never", "missing", "always",
		NULL };
	int operation = choice(host->param(task, "operation"), operations);
	int pull = choice(host->param(task, "pull"), pulls);
	int r;

	*why = (struct refusal){ .rule = NULL };
	*out = (struct spec){ .operation = (enum spec_operation)operation,
		.image = host->param(task, "image"),
		.container_id = host->param(task, "container_id"),
		.pull_never = pull == 0,
		.pull_always = pull == 2,
		.tty = ndl_bool(host->param(task, "tty")) };
	if (operation < 0)
		return wrong(why,
			"parameter 'operation': want run, start, stop or logs");
	if (pull < 0)
		return wrong(
			why, "parameter 'pull': want never, missing or always");
	if (operation != SPEC_RUN)
		return is_container_name(out->container_id)
			       ? 0
			       : wrong(why,
					 "parameter 'container_id': want the name or id of a container");
	if (!out->image || !*out->image || strlen(out->image) > 256)
		return wrong(why, "parameter 'image' is required");
	r = check_allowed(task, why);
	if (r == 0)
		r = check_mounts(task, why);
	if (r == 0)
		r = check_labels(task, why);
	return r < 0 ? r : check_limits(task, why);
}

/* -------------------------------------------------------------------- body */

/* These give NULL when memory is out, and so does json_pack() then. */

static json_t *
texts(const char *const *list)
{
	json_t *array = list ? json_array() : json_null();

	for (; list && *list; list++)
		if (json_array_append_new(array, json_string(*list)) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *
environment(const struct ndl_task *task)
{
	json_t *array = texts(host->env(task));
	char own[96];

	(void)snprintf(
		own, sizeof own, "NODELINK_TASK=%s", host->task_id(task));
	if (json_array_append_new(array, json_string(own)) == 0)
		return array;
	json_decref(array);
	return NULL;
}

static json_t *
labels(const struct ndl_task *task)
{
	const char *const *list = host->param_list(task, "container_labels");
	json_t *object = json_pack("{s:s,s:s}", LABEL_TASK, host->task_id(task),
		LABEL_AGENT, host->agent);

	for (; list && *list; list++) {
		const char *equals = strchr(*list, '=');
		char name[256];

		(void)snprintf(name, sizeof name, "%.*s", (int)(equals - *list),
			*list);
		if (json_object_set_new(object, name, json_string(equals + 1)) <
			0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static json_int_t
limit(uint64_t asked, uint64_t most)
{
	return (json_int_t)(asked ? asked : most);
}

/* The log is the second copy of the output, for when the first connection
 * breaks: byte by byte where the engine can, and never the whole disk. */
static json_t *
log_config(void)
{
	bool local = engine_is_at_least(LOG_VERSION) && !engine_is_podman();

	return json_pack("{s:s,s:{s:s,s:s}}", "Type",
		local ? "local" : "json-file", "Config", "max-size", "20m",
		"max-file", "2");
}

static json_t *
host_config(const struct ndl_task *task)
{
	const struct policy_limits *most = policy_limits();
	const char *network = host->param(task, "network");
	const char *const *networks = policy_words(POLICY_NETWORKS);
	const char *cpus = host->param(task, "cpus");
	uint64_t nano = 0;
	json_int_t memory =
		limit(ndl_size(host->param(task, "memory")), most->memory);

	if (cpus)
		(void)policy_parse_cpus(cpus, &nano); /* it was checked */
	if (!network)
		network = networks ? *networks : "none";
	return json_pack("{s:s,s:o,s:I,s:I,s:I,s:I,s:[s],s:o,s:[s],s:o,s:b}",
		"NetworkMode", network, "LogConfig", log_config(), "Memory",
		memory, "MemorySwap", memory, "NanoCpus",
		limit(nano, most->nano_cpus), "PidsLimit",
		limit((uint64_t)ndl_int(host->param(task, "pids")), most->pids),
		"CapDrop", "ALL", "CapAdd", texts(policy_words(POLICY_CAPS)),
		"SecurityOpt", "no-new-privileges", "Binds",
		texts(host->param_list(task, "mounts")), "Init",
		policy_init() && engine_is_at_least(INIT_VERSION));
}

static const char *
user_of(const struct ndl_task *task)
{
	const char *user = host->param(task, "user");

	if (!user)
		(void)policy_default_user(&user); /* it was checked */
	return user;
}

char *
spec_body(const struct ndl_task *task, const struct spec *spec)
{
	json_t *body = json_pack(
		"{s:s,s:b,s:b,s:b,s:o,s:o,s:o,s:o,s:s*,s:s*,s:o}", "Image",
		spec->image, "Tty", spec->tty, "AttachStdout", 1,
		"AttachStderr", 1, "Env", environment(task), "Labels",
		labels(task), "Cmd", texts(host->param_list(task, "cmd")),
		"Entrypoint", texts(host->param_list(task, "entrypoint")),
		"WorkingDir", host->param(task, "workdir"), "User",
		user_of(task), "HostConfig", host_config(task));
	char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

	json_decref(body);
	return text;
}
