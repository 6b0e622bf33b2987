/* state.c - what the engine says of a container
 *
 * Members that are missing or of another type read as nothing: engines differ,
 * and add to their answers. */
#include "state.h"

#include <jansson.h>
#include <string.h>

static void
copy(char *out, size_t size, const json_t *text)
{
	const char *value = json_string_value(text);

	(void)snprintf(out, size, "%s", value ? value : "");
}

/* The engine's zero is a time in year 1. */
static bool
is_time(const json_t *text)
{
	const char *value = json_string_value(text);

	return value && *value && strncmp(value, "0001-", 5) != 0;
}

static enum seen
seen_of(const char *status)
{
	static const struct {
		const char *status;
		enum seen seen;
	} known[] = {
		{ "created", SEEN_CREATED },
		{ "configured", SEEN_CREATED }, /* podman's, with the next */
		{ "initialized", SEEN_CREATED },
		{ "running", SEEN_RUNNING },
		{ "paused", SEEN_RUNNING },
		{ "restarting", SEEN_RUNNING },
		{ "stopping", SEEN_RUNNING },
		{ "exited", SEEN_ENDED },
		{ "stopped", SEEN_ENDED },
		{ "dead", SEEN_ENDED },
		{ "removing", SEEN_ENDED },
	};

	for (size_t i = 0; status && i < sizeof known / sizeof *known; i++)
		if (strcmp(status, known[i].status) == 0)
			return known[i].seen;
	return SEEN_UNKNOWN;
}

static void
read_state(const json_t *root, struct state *out)
{
	const json_t *state = json_object_get(root, "State");
	const json_t *config = json_object_get(root, "Config");
	const json_t *labels = json_object_get(config, "Labels");
	const char *status =
		json_string_value(json_object_get(state, "Status"));
	const char *name = json_string_value(json_object_get(root, "Name"));

	out->seen = seen_of(status);
	out->paused = status && strcmp(status, "paused") == 0;
	out->removing = status && strcmp(status, "removing") == 0;
	out->exit_code =
		(int)json_integer_value(json_object_get(state, "ExitCode"));
	out->oom = json_is_true(json_object_get(state, "OOMKilled"));
	out->tty = json_is_true(json_object_get(config, "Tty"));
	out->has_start = is_time(json_object_get(state, "StartedAt"));
	out->has_finish = is_time(json_object_get(state, "FinishedAt"));
	copy(out->error, sizeof out->error, json_object_get(state, "Error"));
	copy(out->id, sizeof out->id, json_object_get(root, "Id"));
	copy(out->task, sizeof out->task, json_object_get(labels, LABEL_TASK));
	copy(out->agent, sizeof out->agent,
		json_object_get(labels, LABEL_AGENT));
	(void)snprintf(out->name, sizeof out->name, "%s",
		name ? name + (*name == '/') : "");
}

bool
state_parse(const char *body, size_t len, struct state *out)
{
	json_t *root = json_loadb(body, len, 0, NULL);

	memset(out, 0, sizeof *out);
	if (root)
		read_state(root, out);
	json_decref(root);
	return *out->id != 0;
}

void
state_message(const char *body, size_t len, char *out, size_t size)
{
	json_t *root = json_loadb(body, len, 0, NULL);
	const char *text = json_string_value(json_object_get(root, "message"));

	if (!text)
		text = root ? "" : body;
	(void)snprintf(out, size, "%.*s", (int)strcspn(text, "\r\n"), text);
	json_decref(root);
}

bool
state_parse_wait(const char *body, size_t len, int *code)
{
	json_t *root = json_loadb(body, len, 0, NULL);
	const json_t *status = json_object_get(root, "StatusCode");
	bool good = json_is_integer(status) && json_integer_value(status) >= 0;

	if (good)
		*code = (int)json_integer_value(status);
	json_decref(root);
	return good;
}

bool
state_parse_id(const char *body, size_t len, char *out, size_t size)
{
	json_t *root = json_loadb(body, len, 0, NULL);

	copy(out, size, json_object_get(root, "Id"));
	json_decref(root);
	return *out != 0;
}

void
state_pull_error(const char *lines, size_t len, char *out, size_t size)
{
	const char *line;
	json_t *root;

	while (len && (lines[len - 1] == '\n' || lines[len - 1] == '\r'))
		len--;
	line = lines + len;
	while (line > lines && line[-1] != '\n')
		line--;
	root = json_loadb(line, (size_t)(lines + len - line), 0, NULL);
	copy(out, size, json_object_get(root, "error"));
	json_decref(root);
}
