/* commands.c - the table of commands, and how one is started */
#include "commands/commands.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit.h"
#include "base/dump.h"
#include "base/log.h"
#include "json/emit.h"

enum { WRONG_USAGE = 2, NAME_WORDS = 2 };

static const struct command *const commands[] = {
	&command_token_create,
	&command_token_list,
	&command_token_revoke,
	&command_agent_token,
	&command_agent_list,
	&command_agent_revoke,
	&command_agent_allow,
	&command_enroll_token,
	&command_ca_create,
	&command_ca_server,
	&command_ca_hash,
	&command_audit_verify,
};

/* Failing to write to stdout is for the reader of it to notice. */
void
commands_help(void)
{
	(void)printf("\nOr instead of serving, %s COMMAND --help says more:\n",
		"nodelink-server");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		(void)printf("  %-18s %s\n", commands[i]->name,
			commands[i]->summary);
}

void
command_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap); /* nowhere else to say it */
	va_end(ap);
	(void)fputc('\n', stderr);
}

int
command_flush(struct err *err)
{
	return fflush(stdout) == 0 && !ferror(stdout)
		       ? 0
		       : err_set(err, -EIO, "cannot write to stdout");
}

const struct conf_item command_json_items[COMMAND_JSON_ITEMS] = {
	{ .key = "json",
		.flag = "json",
		.type = CONF_BOOL,
		.fallback = "no",
		.help = "as JSON, for programs" },
};

int
command_print_json(const struct command_call *call,
	void (*add)(struct emit *e, struct auth *auth), struct err *err)
{
	AUTO_BUF struct buf out = { 0 };
	struct emit e;

	emit_init(&e, &out);
	emit_array(&e, NULL);
	add(&e, call->auth);
	emit_array_end(&e);
	if (emit_done(&e) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	(void)puts(buf_text(&out));
	return command_flush(err);
}

/* How many of the words are the command's name: "agent-token", "agent list". */
static const struct command *
find(int argc, char **argv, int *n_words)
{
	char name[64];

	for (*n_words = NAME_WORDS; *n_words > 0; --*n_words) {
		(void)snprintf(name, sizeof name, "%s%s%s", argv[1],
			*n_words > 1 ? " " : "",
			*n_words > 1 && argc > 2 ? argv[2] : "");
		for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
			if (strcmp(commands[i]->name, name) == 0)
				return commands[i];
	}
	return NULL;
}

/* The command's flags, and every key that the server's file may have. */
static struct conf_item *
join_items(const struct command *c, const struct conf_program *server)
{
	struct conf_item *items =
		calloc(c->n_items + server->n_items, sizeof *items);
	size_t n = c->n_items;

	if (!items)
		return NULL;
	if (n)
		memcpy(items, c->items, n * sizeof *items);
	for (size_t i = 0; i < server->n_items; i++, n++) {
		const struct conf_item *item = &server->items[i];

		items[n] = *item;
		if (c->setting && item->flag &&
			strcmp(item->flag, c->setting) == 0)
			continue;
		items[n].flag = NULL;
		items[n].short_flag = 0;
		items[n].help = NULL;
	}
	return items;
}

int
command_become_owner(const char *path, struct err *err)
{
	AUTO_FREE char *folder = strdup(path);
	struct stat st;

	if (geteuid() != 0)
		return 0;
	if (!folder)
		return err_set(err, -ENOMEM, "out of memory");
	if (stat(dirname(folder), &st) < 0)
		return err_set(err, -errno,
			"cannot find the folder of '%s': %s", path,
			err_name(errno));
	if (st.st_uid == 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setgid(st.st_gid) < 0 ||
		setuid(st.st_uid) < 0)
		return err_set(err, -errno, "cannot become user %u: %s",
			(unsigned)st.st_uid, err_name(errno));
	return 0;
}

static int
open_auth(const struct conf *conf, struct auth **out, struct err *err)
{
	const struct auth_conf auth = { .path = conf_text(conf, "auth.path") };
	int r;

	if (!auth.path)
		return err_set(err, -EINVAL,
			"no database of tokens: give --auth FILE, or path in "
			"section [auth] of the configuration file");
	r = command_become_owner(auth.path, err);
	return r < 0 ? r : auth_new(NULL, &auth, out, err);
}

static int
run(struct command_order *order, const struct conf *conf, struct err *err)
{
	const struct command *c = order->command;
	AUTO(auth_free) struct auth *auth = NULL;
	AUTO(audit_free) struct audit *audit = NULL;
	struct command_call call = { .conf = conf };
	int r = 0;

	command_actor(order);
	if (c->setting && strcmp(c->setting, "auth") == 0)
		r = open_auth(conf, &auth, err);
	if (r == 0 && c->action)
		r = command_audit(conf, &audit, err);
	if (r == 0 && c->action)
		r = command_note(audit, order, err);
	if (r < 0)
		return r;
	call.n_words = conf_words(conf, &call.words);
	call.auth = auth;
	r = c->run(&call, err);
	if (r < 0 && c->action)
		command_note_failure(audit, order, err->text);
	return r;
}

static int
exit_status(int r, const struct err *err)
{
	if (r >= 0)
		return EXIT_SUCCESS;
	log_error(0, "%s", err->text);
	return r == -EINVAL ? WRONG_USAGE : EXIT_FAILURE;
}

int
commands_run(const struct conf_program *server, int argc, char **argv)
{
	AUTO_FREE struct conf_item *items = NULL;
	struct conf_program program = *server;
	AUTO(conf_free) struct conf *conf = NULL; /* it looks at program */
	struct command_order order;
	struct err err = { "" };
	char name[80];
	int n = 0, r;
	const struct command *c = find(argc, argv, &n);

	if (dump_forbid(&err) < 0)
		return exit_status(-EPERM, &err);
	if (!c) {
		(void)err_set(&err, -EINVAL,
			"unknown command '%s'; --help lists them", argv[1]);
		return exit_status(-EINVAL, &err);
	}
	(void)snprintf(name, sizeof name, "%s %s", server->name, c->name);
	items = join_items(c, server);
	if (!items)
		return exit_status(
			err_set(&err, -ENOMEM, "out of memory"), &err);
	program.name = name;
	program.summary = c->summary;
	program.items = items;
	program.n_items = c->n_items + server->n_items;
	program.words = c->words;
	program.page = "nodelink-server(8)";
	program.help_more = NULL;
	r = conf_new(&program, argc - n, argv + n, &conf, &err);
	if (r < 0)
		return exit_status(-EINVAL, &err);
	order = (struct command_order){
		.command = c, .n_args = argc - n - 1, .args = argv + n + 1
	};
	return r == CONF_EXIT ? EXIT_SUCCESS
			      : exit_status(run(&order, conf, &err), &err);
}
