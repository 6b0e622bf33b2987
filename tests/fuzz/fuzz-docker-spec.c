/* fuzz-docker-spec.c - parameters of a container against the node's policy
 *
 * Lines "name=value"; a name that comes again adds to its list. What gets
 * through is JSON without anything that the policy denies. */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "plugins/docker/engine.h"
#include "plugins/docker/policy.h"
#include "plugins/docker/spec.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/docker/fake-host.h"

enum { PARAMS = 32, GIVEN = 16, VALUES = 7 };

static const struct fake_value settings[] = {
	{ "images", { "busybox:*, reg/*" } },
	{ "networks", { "none, web*" } },
	{ "users", { "1*, app" } },
	{ "mounts", { "/srv/data:ro /srv/free" } },
	{ "containers", { "mine*" } },
	{ "caps", { "chown" } },
	{ "memory", { "1G" } },
	{ "cpus", { "1.5" } },
	{ "pids", { "100" } },
	{ "init", { "yes" } },
	{ 0 },
};

static struct fake_value params[PARAMS];

static void
add(size_t *n, char *line)
{
	char *value = strchr(line, '=');
	size_t i = 0, k = 0;

	if (!value)
		return;
	*value++ = 0;
	while (i < *n && strcmp(params[i].name, line) != 0)
		i++;
	if (i == GIVEN)
		return;
	*n += i == *n;
	params[i].name = line;
	while (k < VALUES && params[i].values[k])
		k++;
	if (k < VALUES)
		params[i].values[k] = value;
}

/* As the host does before the plugin sees a task. */
static void
add_defaults(size_t *n)
{
	for (const struct ndl_field *f = spec_params; f->name; f++) {
		size_t i = 0;

		while (i < *n && strcmp(params[i].name, f->name) != 0)
			i++;
		if (i == *n && f->fallback)
			params[(*n)++] =
				(struct fake_value){ f->name, { f->fallback } };
	}
}

/* The engine's socket is root: nothing of this may ever be asked of it. */
static void
check_body(const char *body)
{
	json_t *root = json_loads(body, 0, NULL);
	const json_t *host_config = json_object_get(root, "HostConfig");
	const char *network =
		json_string_value(json_object_get(host_config, "NetworkMode"));

	const char *user = json_string_value(json_object_get(root, "User"));

	MUST(root);
	MUST(user && (*user == '1' || strcmp(user, "app") == 0));
	MUST(!json_is_true(json_object_get(host_config, "Privileged")));
	MUST(!json_object_get(host_config, "Devices"));
	MUST(!json_object_get(host_config, "PidMode"));
	MUST(!network || strcmp(network, "host") != 0);
	MUST(strncmp(json_string_value(json_object_get(root, "Image")),
		     "busybox:", 8) == 0 ||
		strncmp(json_string_value(json_object_get(root, "Image")),
			"reg/", 4) == 0);
	json_decref(root);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct input in = { data, len };
	char *text = input_text(&in), *rest = text, *line, *body;
	struct refusal why;
	struct spec spec = { 0 };
	size_t n = 0;
	int r;

	memset(params, 0, sizeof params);
	while ((line = strsep(&rest, "\n")))
		add(&n, line);
	add_defaults(&n);
	fake_host_open();
	fake.settings = settings;
	fake.params = params;
	MUST(engine_open("/run/my.sock") == 0 && engine_agree("1.41"));
	MUST(policy_load(NULL) == 0);
	r = spec_read(NULL, &spec, &why);
	MUST(r == 0 || r == -EINVAL || r == -EPERM);
	if (r == 0 && spec.operation == SPEC_RUN) {
		body = spec_body(NULL, &spec);
		if (body) /* not UTF-8: refused before, by msg_unpack() */
			check_body(body);
		free(body);
	}
	policy_free();
	engine_close();
	fake_host_close();
	free(text);
	return 0;
}
