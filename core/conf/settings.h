/* settings.h - the inside of core/conf: one slot per item of the table
 *
 * file.c and flags.c find texts, value.c judges them, conf.c keeps them. */
#ifndef NODELINK_CONF_SETTINGS_H
#define NODELINK_CONF_SETTINGS_H

#include "conf/conf.h"

enum conf_source { /* a later one beats an earlier one */
	CONF_FROM_NOWHERE,
	CONF_FROM_DEFAULT,
	CONF_FROM_FILE,
	CONF_FROM_ENV,
	CONF_FROM_FLAG,
};

struct conf_value {
	char *text;
	int64_t number;
	bool yes;
};

struct conf_slot {
	struct conf_value value;
	char **texts; /* of an item with `many`: each of them */
	size_t n_texts;
	enum conf_source source;
	int line; /* where the file has it; 0: it has not */
};

struct conf_free_key {
	char *name, *key, *value; /* [plugin name] key = value */
	char *where;
	int line;
};

struct conf {
	const struct conf_program *program;
	struct conf_slot *slots; /* one per item */
	struct conf_free_key *free_keys;
	size_t n_free_keys;
	char *file; /* that was read; NULL: none */
	bool file_must_exist;
	char **words; /* our list of argv's */
	size_t n_words;
	char **rest; /* argv's end */
	size_t n_rest;
};

/* Judge a text. where ("--flag", "file:12: key 'x'") begins the error's text.
 * The value's text is new memory. 0, -EINVAL or -ERANGE with text, -ENOMEM. */
int conf_value_parse(const struct conf_item *item, const char *text,
	const char *where, struct conf_value *out, struct err *err);

/* Judge and, unless something stronger is there, keep. */
int conf_set(struct conf *conf, size_t item, enum conf_source source,
	const char *text, const char *where, struct err *err);

/* conf->file, if there is one to read. */
int conf_read_file(struct conf *conf, struct err *err);

/* Fills flags and conf->file. 0, CONF_EXIT or -EINVAL with text. */
int conf_read_flags(struct conf *conf, int argc, char **argv, struct err *err);

void conf_print_help(const struct conf_program *program);

#endif
