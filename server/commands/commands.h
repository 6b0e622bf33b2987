/* commands.h - what nodelink-server does instead of serving: "token create"
 *
 * A command reads the server's configuration file, works, and ends. Each is a
 * row of a table in the file of its subject; commands.c lists them. */
#ifndef NODELINK_COMMANDS_COMMANDS_H
#define NODELINK_COMMANDS_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/auth.h"
#include "base/err.h"
#include "conf/conf.h"

struct command_call {
	const struct conf *conf; /* the command's flags, the file's settings */
	char *const *words;
	size_t n_words;
	struct auth *auth; /* open, when the command needs it */
};

struct command {
	const char *name; /* "token create" */
	const char *action; /* for the audit log; NULL: it changes nothing */
	const char *words; /* as conf_program.words */
	const char *summary; /* a sentence, for --help */
	const struct conf_item *items; /* flags of its own, keys without dot */
	size_t n_items;
	/* A setting of the server that this command takes as --flag too, by
	 * its flag there; "auth" opens the database. NULL: none. */
	const char *setting;
	/* 0, or -errno with text. -EINVAL: wrong usage, exit 2; else 1. */
	int (*run)(const struct command_call *call, struct err *err);
};

extern const struct command command_token_create, command_token_list,
	command_token_revoke, command_agent_token, command_agent_list,
	command_agent_revoke, command_agent_allow, command_enroll_token,
	command_ca_create, command_ca_server, command_ca_hash,
	command_audit_verify;

/* argv[1] is the first word of a command; the settings are the server's. The
 * status to exit with. */
int commands_run(const struct conf_program *server, int argc, char **argv);
/* Lists them on stdout. */
void commands_help(void);

/* Root becomes the user whose folder the file is in: what it makes there is
 * that user's, and nothing there leads it elsewhere. 0 or -errno with text. */
int command_become_owner(const char *path, struct err *err);

/* audit.c: the audit log of the server, if there is one, for a command that
 * changes something. 0, or -errno with text: it must not be run. */
struct audit;
struct command_order { /* what was said, and by whom */
	const struct command *command;
	int n_args;
	char *const *args; /* as they were given */
	char actor[80]; /* command_actor(), before we become another */
};
void command_actor(struct command_order *order);
int command_audit(const struct conf *conf, struct audit **out, struct err *err);
int command_note(struct audit *audit, const struct command_order *order,
	struct err *err);
void command_note_failure(struct audit *audit,
	const struct command_order *order, const char *why);

/* For people, on stderr: what goes to stdout is for a file or a variable. */
void command_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The flag of those that list something, which they do for programs then: one
 * array of what add() puts into it. 0 or -errno with text. */
enum { COMMAND_JSON_ITEMS = 1 };
extern const struct conf_item command_json_items[COMMAND_JSON_ITEMS];
struct emit;
int command_print_json(const struct command_call *call,
	void (*add)(struct emit *e, struct auth *auth), struct err *err);
/* Everything printed, or -errno with text: a secret that did not arrive. */
int command_flush(struct err *err);

#endif
