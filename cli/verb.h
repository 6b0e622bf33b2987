/* verb.h - what the program can do: "nodelink run", "nodelink docker run"
 *
 * One verb, one file: a struct verb with its flags and a function, its line in
 * the table of verbs.c. The frame (main.c) reads flags, environment and
 * contexts, prints --help from the same table, and turns the result into an
 * exit status. A verb prints its result to stdout (stdio; main.c flushes and
 * checks), and what is for people beside it with say(). version.c is the
 * shortest one. */
#ifndef NODELINK_CLI_VERB_H
#define NODELINK_CLI_VERB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "cli/context.h"
#include "cli/term.h"
#include "conf/conf.h"
#include "json/json.h"

enum {
	STATUS_FAILED = 1,
	STATUS_WRONG_USAGE = 2,
	/* Of verbs that exit with a task's status: */
	STATUS_TIMEOUT = 124, /* the task's time was over, as timeout(1) says */
	STATUS_OURS = 125, /* nodelink itself could not, or wrong usage */
	STATUS_SIGNAL = 128, /* and the signal's number */
};

struct verb_call {
	const struct verb *verb;
	const struct conf *conf; /* its flags, and the common ones */
	char *const *words; /* beside the flags, as verb.words says */
	size_t n_words;
	char *const *rest; /* the command behind them; NULL at its end */
	size_t n_rest;
	struct context context; /* which server, and as whom */
	struct term out, err; /* stdout and stderr */
	bool json; /* print JSON and nothing else on stdout */
};

struct verb {
	const char *name; /* one word or two */
	const char *group; /* heading under which help lists it: "Tasks",
			      "Agents", "Access", "Other" */
	const char *words, *rest; /* as in struct conf_program */
	const char *summary; /* a sentence */
	/* Flags of its own; keys without a dot, which are the flags' names. */
	const struct conf_item *items;
	size_t n_items;
	const char *page; /* "nodelink-run(1)" */
	bool passes_status; /* exits with a task's status: failures are 125 */
	/* The status to exit with, or -errno with text, which main.c prints:
	 * -EINVAL is wrong usage, so what json_get_*() say of an answer is not
	 * to be passed on; an empty text: everything has been said. */
	int (*run)(struct verb_call *call, struct err *err);
};

/* verbs.c: all of them, those of one group together. */
extern const struct verb *const verbs[];
extern const size_t n_verbs;

/* common.c: flags of every verb (--server, --json, --color, ...), and
 * everything that a verb's flags are together with them. free() it. NULL: out
 * of memory. */
struct conf_item *verb_items(const struct verb *verb, size_t *n);

/* For json_dumps(): what a terminal would act upon is escaped. */
size_t verb_json_flags(void);
/* A document on stdout, on several lines; NULL prints nothing and is said to be
 * out of memory. Consumes nothing. 0, or -ENOMEM. */
int verb_print_json(const json_t *doc, struct err *err);

/* A line on stderr, "nodelink: ...", for people. Control characters are shown
 * and not sent to the terminal. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
