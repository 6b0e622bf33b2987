/* conf.c - settings of a program: who has the last word, and asking for them */
#include "conf/conf.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "conf/settings.h"

static void
forget_texts(struct conf_slot *slot)
{
	while (slot->n_texts)
		free(slot->texts[--slot->n_texts]);
	free(TAKE(slot->texts));
}

static int
add_text(struct conf_slot *slot, const char *text)
{
	char **all = realloc(slot->texts, (slot->n_texts + 1) * sizeof *all);

	if (!all)
		return -ENOMEM;
	slot->texts = all;
	all[slot->n_texts] = strdup(text);
	return all[slot->n_texts++] ? 0 : -ENOMEM;
}

int
conf_set(struct conf *conf, size_t item, enum conf_source source,
	const char *text, const char *where, struct err *err)
{
	struct conf_slot *slot = &conf->slots[item];
	struct conf_value value;
	int r = conf_value_parse(
		&conf->program->items[item], text, where, &value, err);

	if (r < 0)
		return r;
	if (source < slot->source) { /* right, but not the last word */
		free(value.text);
		return 0;
	}
	if (source > slot->source)
		forget_texts(slot);
	free(slot->value.text);
	slot->value = value;
	slot->source = source;
	if (conf->program->items[item].many && add_text(slot, text) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	return 0;
}

static int
set_defaults(struct conf *conf, struct err *err)
{
	char where[80];
	int r = 0;

	for (size_t i = 0; r == 0 && i < conf->program->n_items; i++) {
		const struct conf_item *item = &conf->program->items[i];

		if (!item->fallback)
			continue;
		(void)snprintf(
			where, sizeof where, "default of '%s'", item->key);
		r = conf_set(
			conf, i, CONF_FROM_DEFAULT, item->fallback, where, err);
	}
	return r;
}

static int
read_environment(struct conf *conf, struct err *err)
{
	char where[80];
	int r = 0;

	for (size_t i = 0; r == 0 && i < conf->program->n_items; i++) {
		const char *name = conf->program->items[i].env;
		const char *text = name ? getenv(name) : NULL;

		if (!text || !*text)
			continue;
		(void)snprintf(where, sizeof where, "$%s", name);
		r = conf_set(conf, i, CONF_FROM_ENV, text, where, err);
	}
	return r;
}

static int
fill(struct conf *conf, int argc, char **argv, struct err *err)
{
	const char *file = conf->program->default_file;
	int r = conf_read_flags(conf, argc, argv, err);

	if (r != CONF_OK)
		return r;
	r = set_defaults(conf, err);
	if (r < 0)
		return r;
	if (!conf->file && file) {
		conf->file = strdup(file);
		if (!conf->file)
			return err_set(err, -ENOMEM, "out of memory");
	}
	if (conf->file) {
		r = conf_read_file(conf, err);
		if (r < 0)
			return r;
	}
	return read_environment(conf, err);
}

int
conf_new(const struct conf_program *program, int argc, char **argv,
	struct conf **out, struct err *err)
{
	AUTO(conf_free) struct conf *conf = calloc(1, sizeof *conf);
	int r;

	if (!conf)
		return err_set(err, -ENOMEM, "out of memory");
	conf->program = program;
	conf->slots = calloc(program->n_items + 1, sizeof *conf->slots);
	if (!conf->slots)
		return err_set(err, -ENOMEM, "out of memory");
	r = fill(conf, argc, argv, err);
	if (r != CONF_OK)
		return r;
	*out = TAKE(conf);
	return CONF_OK;
}

void
conf_free(struct conf *conf)
{
	if (!conf)
		return;
	for (size_t i = 0; conf->slots && i < conf->program->n_items; i++) {
		forget_texts(&conf->slots[i]);
		free(conf->slots[i].value.text);
	}
	for (size_t i = 0; i < conf->n_free_keys; i++) {
		free(conf->free_keys[i].name);
		free(conf->free_keys[i].key);
		free(conf->free_keys[i].value);
		free(conf->free_keys[i].where);
	}
	free(conf->free_keys);
	free(conf->slots);
	free(conf->words);
	free(conf->file);
	free(conf);
}

static const struct conf_slot *
find(const struct conf *conf, const char *key)
{
	for (size_t i = 0; i < conf->program->n_items; i++)
		if (strcmp(conf->program->items[i].key, key) == 0)
			return &conf->slots[i];
	assert(false && "key is not in the table");
	return NULL;
}

const char *
conf_text(const struct conf *conf, const char *key)
{
	return find(conf, key)->value.text;
}

int64_t
conf_number(const struct conf *conf, const char *key)
{
	return find(conf, key)->value.number;
}

bool
conf_bool(const struct conf *conf, const char *key)
{
	return find(conf, key)->value.yes;
}

bool
conf_is_set(const struct conf *conf, const char *key)
{
	return find(conf, key)->source > CONF_FROM_DEFAULT;
}

bool
conf_by_flag(const struct conf *conf, const char *key)
{
	return find(conf, key)->source == CONF_FROM_FLAG;
}

size_t
conf_texts(const struct conf *conf, const char *key, char *const **out)
{
	const struct conf_slot *slot = find(conf, key);

	*out = slot->texts;
	return slot->n_texts;
}

size_t
conf_rest(const struct conf *conf, char *const **out)
{
	*out = conf->rest;
	return conf->n_rest;
}

size_t
conf_words(const struct conf *conf, char *const **out)
{
	*out = conf->words;
	return conf->n_words;
}

const char *
conf_file(const struct conf *conf)
{
	return conf->file;
}

void
conf_each_path(const struct conf *conf, conf_path_fn *fn, void *arg)
{
	const struct conf_program *p = conf->program;

	for (size_t i = 0; i < p->n_items; i++)
		if (p->items[i].type == CONF_PATH && conf->slots[i].value.text)
			fn(arg, conf->slots[i].value.text);
}

int
conf_each(const struct conf *conf, conf_each_fn *fn, void *arg)
{
	for (size_t i = 0; i < conf->n_free_keys; i++) {
		const struct conf_free_key *f = &conf->free_keys[i];
		int r = fn(arg, f->name, f->key, f->value, f->where);

		if (r < 0)
			return r;
	}
	return 0;
}
