/* hooks.c - the command lines that a task brings for its end, from JSON */
#include "api/hooks.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "json/json.h"

static const char *const when_names[] = {
	[MSG_ALWAYS] = "always",
	[MSG_CANCELLED] = "cancelled",
	[MSG_FAILED] = "failed",
};

const char *
hooks_when_name(enum msg_when when)
{
	return when_names[when];
}

static int
read_when(const json_t *object, enum msg_when *out, struct err *err)
{
	const char *text;
	int r = json_get_text(object, "when", 16, &text, err);

	if (r != JSON_GOT)
		return r == JSON_ABSENT ? 0 : r;
	for (size_t i = 0; i < ARRAY_SIZE(when_names); i++)
		if (strcmp(when_names[i], text) == 0) {
			*out = (enum msg_when)i;
			return 0;
		}
	return err_set(err, -EINVAL,
		"field 'when': expected \"always\", \"cancelled\" or "
		"\"failed\", got \"%s\"",
		text);
}

static int
read_cmd(const json_t *object, const char *name, const char **out,
	struct err *err)
{
	int r = json_get_text(object, name, LIMIT_HOOK_CMD, out, err);

	if (r < 0)
		return r;
	return *out && **out
		       ? 0
		       : err_set(err, -EINVAL, "field '%s' is required", name);
}

/* The members that all hooks have. */
static int
read_hook(const json_t *object, struct msg_hook *out, struct err *err)
{
	int r = read_cmd(object, "cmd", &out->cmd, err);

	if (r == 0)
		r = json_get_duration(
			object, "timeout", LIMIT_HOOK_S, &out->timeout_ms, err);
	if (r == JSON_GOT && !out->timeout_ms)
		return err_set(err, -EINVAL,
			"field 'timeout': a hook has no time at all");
	return r < 0 ? r : 0;
}

int
hooks_read_pre_stop(const json_t *stop, struct msg_start *out, struct err *err)
{
	static const char *const names[] = { "cmd", "timeout" };
	const json_t *value = json_object_get(stop, "pre_stop");
	struct err inner;
	json_t *object;
	int r;

	if (json_is_string(value))
		return read_cmd(stop, "pre_stop", &out->pre_stop.cmd, err);
	r = json_get_object(stop, "pre_stop", &object, err);
	if (r != JSON_GOT)
		return r == JSON_ABSENT ? 0 : r;
	r = json_known(object, names, ARRAY_SIZE(names), &inner);
	if (r == 0)
		r = read_hook(object, &out->pre_stop, &inner);
	return r < 0 ? err_set(err, r, "field 'pre_stop': %.480s", inner.text)
		     : 0;
}

static int
read_cleanup(const json_t *object, struct msg_hook *out, struct err *err)
{
	static const char *const names[] = { "cmd", "when", "timeout" };
	char shown[JSON_SHOW];
	int r;

	if (!json_is_object(object))
		return err_set(err, -EINVAL, "expected an object, got %s",
			json_show(object, shown));
	r = json_known(object, names, ARRAY_SIZE(names), err);
	if (r == 0)
		r = read_hook(object, out, err);
	return r == 0 ? read_when(object, &out->when, err) : r;
}

int
hooks_read_cleanup(const json_t *body, struct arena *arena,
	struct msg_start *out, struct err *err)
{
	struct msg_hook *hooks;
	struct err inner;
	json_t *list;
	size_t n;
	int r = json_get_array(body, "cleanup", &list, err);

	if (r != JSON_GOT)
		return r == JSON_ABSENT ? 0 : r;
	n = json_array_size(list);
	if (n > LIMIT_HOOKS)
		return err_set(err, -EINVAL,
			"field 'cleanup': %zu members, at most %d are allowed",
			n, LIMIT_HOOKS);
	hooks = arena_array(arena, n, sizeof *hooks);
	if (!hooks)
		return err_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		r = read_cleanup(json_array_get(list, i), &hooks[i], &inner);
		if (r < 0)
			return err_set(err, r, "field 'cleanup[%zu]': %.480s",
				i, inner.text);
	}
	out->cleanup = hooks;
	out->n_cleanup = n;
	return 0;
}
