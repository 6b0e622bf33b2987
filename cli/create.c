/* create.c - what a task is to be, from flags */
#include "cli/create.h"

#include <errno.h>
#include <string.h>

/* The value is taken; NULL is: out of memory. */
static int
put(json_t *object, const char *name, json_t *take_value)
{
	return json_object_set_new(object, name, take_value) < 0 ? -ENOMEM : 0;
}

int
create_text(json_t *body, const struct conf *conf, const char *key,
	const char *member)
{
	const char *text = conf_text(conf, key);

	return text ? put(body, member, json_string(text)) : 0;
}

static int
put_number(json_t *body, const struct conf *conf, const char *key)
{
	return conf_is_set(conf, key)
		       ? put(body, key, json_integer(conf_number(conf, key)))
		       : 0;
}

int
create_seconds(json_t *body, const struct conf *conf, const char *key)
{
	return conf_is_set(conf, key)
		       ? put(body, key,
				 json_real(
					 (double)conf_number(conf, key) / 1000))
		       : 0;
}

int
create_list(json_t *body, const struct conf *conf, const char *key,
	const char *member)
{
	char *const *texts;
	size_t n = conf_texts(conf, key, &texts);
	json_t *list = n ? json_array() : NULL;
	int r = n ? put(body, member, list) : 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (json_array_append_new(list, json_string(texts[i])) < 0)
			r = -ENOMEM;
	return r;
}

/* The number that the text is; NULL when it is none. */
static json_t *
number(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

	if (json_is_number(value))
		return value;
	json_decref(value);
	return NULL;
}

/* One of them; equals points at its '='. */
static int
put_pair(json_t *object, char *text, char *equals, bool numbers)
{
	json_t *value = numbers ? number(equals + 1) : NULL;
	int r;

	*equals = 0;
	r = put(object, text, value ? value : json_string(equals + 1));
	*equals = '=';
	return r;
}

int
create_pairs(json_t *body, const struct conf *conf, const char *key,
	const char *member, bool numbers, struct err *err)
{
	char *const *texts;
	size_t n = conf_texts(conf, key, &texts);
	json_t *object = n ? json_object() : NULL;
	int r = n ? put(body, member, object) : 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		char *equals = strchr(texts[i], '=');

		if (!equals || equals == texts[i])
			return err_set(err, -EINVAL,
				"--%s: expected NAME=VALUE, got '%.64s'", key,
				texts[i]);
		r = put_pair(object, texts[i], equals, numbers);
	}
	return r;
}

/* NAME=VALUE, or NAME for what it is here. */
static int
put_env(json_t *body, const struct conf *conf, struct err *err)
{
	char *const *texts;
	size_t n = conf_texts(conf, "env", &texts);
	json_t *object = n ? json_object() : NULL;
	int r = n ? put(body, "env", object) : 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		char *equals = strchr(texts[i], '=');
		const char *ours;

		if (equals) {
			r = put_pair(object, texts[i], equals, false);
			continue;
		}
		ours = getenv(texts[i]);
		if (!ours)
			return err_set(err, -EINVAL,
				"--env: there is no variable '%.64s' here; "
				"NAME=VALUE gives it one",
				texts[i]);
		r = put(object, texts[i], json_string(ours));
	}
	return r;
}

static int
put_stop(json_t *body, const struct conf *conf)
{
	json_t *stop = json_object();
	int r = put(body, "stop", stop);

	if (r == 0)
		r = create_text(stop, conf, "signal", "signal");
	if (r == 0)
		r = create_seconds(stop, conf, "grace");
	if (r == 0)
		r = create_text(stop, conf, "pre-stop", "pre_stop");
	if (r == 0 && !json_object_size(stop))
		(void)json_object_del(body, "stop"); /* it is there */
	return r;
}

/* "failed:rm -rf x": only these words are no part of the command. */
static json_t *
cleanup(const char *text)
{
	static const char *const whens[] = {
		"always:", "cancelled:", "failed:"
	};

	for (size_t i = 0; i < ARRAY_SIZE(whens); i++) {
		size_t len = strlen(whens[i]);

		if (strncmp(text, whens[i], len) == 0)
			return json_pack("{s:s, s:s#}", "cmd", text + len,
				"when", whens[i], len - 1);
	}
	return json_pack("{s:s}", "cmd", text);
}

static int
put_cleanup(json_t *body, const struct conf *conf)
{
	char *const *texts;
	size_t n = conf_texts(conf, "cleanup", &texts);
	json_t *list = n ? json_array() : NULL;
	int r = n ? put(body, "cleanup", list) : 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (json_array_append_new(list, cleanup(texts[i])) < 0)
			r = -ENOMEM;
	return r;
}

static int
put_all(json_t *body, const struct conf *conf, struct err *err)
{
	static const char *const times[] = { "timeout", "start_timeout",
		"idle_timeout" };
	int r = put_env(body, conf, err);

	if (r == 0)
		r = create_pairs(body, conf, "label", "labels", false, err);
	if (r == 0)
		r = create_text(body, conf, "user", "user");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(times); i++)
		r = create_seconds(body, conf, times[i]);
	if (r == 0)
		r = put_stop(body, conf);
	if (r == 0)
		r = put_cleanup(body, conf);
	return r < 0 ? r : put_number(body, conf, "output_limit");
}

int
create_body(const struct conf *conf, const char *agent_id, json_t **out,
	struct err *err)
{
	AUTO(json_decref) json_t *body = json_object();
	int r = body ? put(body, "agent_id", json_string(agent_id)) : -ENOMEM;

	if (r == 0)
		r = put_all(body, conf, err);
	if (r == -ENOMEM)
		return err_set(
			err, r, "a flag is no UTF-8 text, or out of memory");
	if (r == 0)
		*out = TAKE(body);
	return r;
}

/* ----------------------------------------------------------------------- line */

static int
add_quoted(struct buf *line, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "%+,-./:@_";
	int r;

	if (*word && word[strspn(word, plain)] == 0)
		return buf_add_text(line, word);
	r = buf_add_text(line, "'");
	for (; r == 0 && *word; word++)
		r = *word == '\'' ? buf_add_text(line, "'\\''")
				  : buf_add(line, word, 1);
	return r < 0 ? r : buf_add_text(line, "'");
}

char *
create_line(char *const *words, size_t n)
{
	AUTO_BUF struct buf line = { 0 };
	int r = n == 1 ? buf_add_text(&line, words[0]) : 0;

	for (size_t i = 0; n > 1 && r == 0 && i < n; i++) {
		r = i ? buf_add_text(&line, " ") : 0;
		if (r == 0)
			r = add_quoted(&line, words[i]);
	}
	return r < 0 ? NULL : strdup(buf_text(&line));
}
