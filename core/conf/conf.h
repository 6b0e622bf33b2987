/* conf.h - settings of a program: file, environment and flags, from one table
 *
 * A flag beats the environment, which beats the file, which beats the default.
 * The same table makes --help. Every wrong key or value is an error that names
 * file and line (or flag, or variable), the value, and what is allowed. */
#ifndef NODELINK_CONF_CONF_H
#define NODELINK_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"

enum conf_type {
	CONF_TEXT,
	CONF_PATH, /* relative ones are relative to where we started */
	CONF_BOOL,
	CONF_INT,
	CONF_SIZE, /* bytes: 64k, 1M */
	CONF_DURATION, /* ms: 500ms, 10s, 2m */
	CONF_ADDRESS, /* host:port or unix:/path */
	CONF_LEVEL, /* error, warn, info, debug: enum log_level */
};

struct conf_item {
	const char *key; /* "section.key" in the file; without a dot: flag or
			    environment only, not for the file */
	const char *flag; /* long flag without dashes, or NULL */
	char short_flag; /* or 0 */
	const char *env; /* environment variable, or NULL */
	enum conf_type type;
	const char *fallback; /* default as text; NULL: no value */
	int64_t min, max; /* of numbers; both 0: no bound */
	const char *arg; /* "ADDRESS" in --help; NULL: from the type */
	const char *help; /* one line; NULL: --help is silent about it */
	bool many; /* a flag of CONF_TEXT that may be given again: conf_texts()
		      has each, conf_text() the last */
	const char *heading; /* stands above it in --help; or NULL */
};

struct conf_program {
	const char *name; /* "nodelink-server", "nodelink-server token list" */
	const char *summary; /* one line for --help */
	/* Read when it exists; --config FILE must. It must belong to us or to
	 * root, and nobody else may write to it. NULL: this program takes no
	 * file. */
	const char *default_file;
	const struct conf_item *items;
	size_t n_items;
	/* Sections of this kind hold free keys: with "plugin", the file may
	 * say [plugin shell] and conf_each() lists what stands there. */
	const char *free_section; /* or NULL */
	/* What must stand beside the flags, as --help calls it: "ID", "FILE..."
	 * for one or more, "AGENT [PLUGIN]" for one or two, "[ID]..." for any
	 * number. NULL: nothing may. */
	const char *words;
	/* A command that follows, of any words: "-- COMMAND...", which must be
	 * there, or "[-- COMMAND...]". It begins behind "--"; without the
	 * dashes in its name flags end with the last of `words`, and what
	 * follows is the command. NULL: there is none. */
	const char *rest;
	const char *page; /* for "See"; NULL: "<name>.conf(5)" */
	void (*help_more)(void); /* prints more of --help; or NULL */
};

struct conf;

/* Every program also takes --config/-c FILE, --help/-h, --version/-V. A bool's
 * flag may stand alone ("--check") or say no ("--check=no"). An environment
 * variable that is empty counts as not set. The program must outlive the conf.
 * 0; CONF_EXIT: help or version was printed, exit 0; -EINVAL and other errno
 * with text (exit 2 for these, as is usual for wrong usage). */
enum { CONF_OK, CONF_EXIT };
int conf_new(const struct conf_program *program, int argc, char **argv,
	struct conf **out, struct err *err);
void conf_free(struct conf *conf);
AUTO_DEFINE(struct conf *, conf_free)

/* Values by key; the key must be in the table (assert). Borrowed. */
const char *conf_text(const struct conf *conf, const char *key); /* or NULL */
int64_t conf_number(
	const struct conf *conf, const char *key); /* INT SIZE DURATION LEVEL */
bool conf_bool(const struct conf *conf, const char *key);
/* By flag, environment or file, not by its default. */
bool conf_is_set(const struct conf *conf, const char *key);

/* Each text of an item with `many`, in order; may be cut in place. */
size_t conf_texts(const struct conf *conf, const char *key, char *const **out);
/* By flag, and by nothing weaker. */
bool conf_by_flag(const struct conf *conf, const char *key);

/* The words beside the flags, as conf_program.words says, and the command that
 * follows them, as conf_program.rest does, with NULL at its end; argv's. */
size_t conf_words(const struct conf *conf, char *const **out);
size_t conf_rest(const struct conf *conf, char *const **out);

/* The file that was read, or NULL. */
const char *conf_file(const struct conf *conf);

/* Free keys of [free_section name], in file order. where is "file:line". A
 * negative result of fn ends the walk and is returned; else 0. */
typedef int conf_each_fn(void *arg, const char *name, const char *key,
	const char *value, const char *where);
int conf_each(const struct conf *conf, conf_each_fn *fn, void *arg);

/* Is an open file a regular one of ours or root's to which nobody else may
 * write, and of a secret one, read it? `what` is for the text: "settings file".
 * 0, or -EINVAL, -EPERM with text. */
int conf_trust(int fd, const char *what, const char *path, bool secret,
	struct err *err);

/* Each value of type CONF_PATH that there is. */
typedef void conf_path_fn(void *arg, const char *path);
void conf_each_path(const struct conf *conf, conf_path_fn *fn, void *arg);

/* The one of n words that is most like this one; NULL when none is. */
const char *conf_nearest(const char *word, const char *const *words, size_t n);

/* The first line of a secret file that only its owner may read (0600 or
 * stricter, else -EPERM with a text that says chmod; it must belong to us or to
 * root). At most 4096 bytes. Free with free(). */
int conf_secret_file(const char *path, char **out, struct err *err);
/* The same of a file that somebody has opened and looked at; its path is for
 * the text. */
int conf_secret_line(int fd, const char *path, char **out, struct err *err);
/* The same for all of the file, at most max bytes, appended to out, which the
 * caller wipes. */
int conf_secret_bytes(
	const char *path, size_t max, struct buf *out, struct err *err);

#endif
