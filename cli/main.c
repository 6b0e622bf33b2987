/* main.c - nodelink: finds the verb, reads its flags, runs it
 *
 * What a verb is: verb.h. The table of them: verbs.c. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "cli/verb.h"

enum { NAME_WORDS = 2, NAME_MAX_LEN = 64 };

/* ----------------------------------------------------------------------- help */

static void
print_help(void)
{
	const char *group = "";

	(void)puts("Usage: nodelink VERB [FLAG]... [ARGUMENT]...\n"
		   "Runs commands on many machines, and cancels them.");
	for (size_t i = 0; i < n_verbs; i++) {
		if (strcmp(group, verbs[i]->group) != 0)
			(void)printf("\n%s:\n", verbs[i]->group);
		group = verbs[i]->group;
		(void)printf("  %-16s %s\n", verbs[i]->name, verbs[i]->summary);
	}
	(void)puts("\n\"nodelink VERB --help\" says more about one of them. "
		   "See nodelink(1).");
}

static int
unknown_verb(const char *word)
{
	const char **names = calloc(n_verbs + 1, sizeof *names);
	const char *like = NULL;

	for (size_t i = 0; names && i < n_verbs; i++)
		names[i] = verbs[i]->name;
	if (names)
		like = conf_nearest(word, names, n_verbs);
	if (like)
		say("unknown verb '%s'; did you mean '%s'?", word, like);
	else
		say("unknown verb '%s'; \"nodelink help\" lists them", word);
	free(names);
	return STATUS_WRONG_USAGE;
}

/* The first word of a verb of two, without the second. */
static int
list_family(const char *word)
{
	size_t len = strlen(word);
	bool found = false;

	for (size_t i = 0; i < n_verbs; i++) {
		if (strncmp(verbs[i]->name, word, len) != 0 ||
			verbs[i]->name[len] != ' ')
			continue;
		if (!found)
			say("'%s' needs another word:", word);
		found = true;
		(void)fprintf(stderr, "  %-16s %s\n", verbs[i]->name,
			verbs[i]->summary);
	}
	return found ? STATUS_WRONG_USAGE : unknown_verb(word);
}

/* ----------------------------------------------------------------------- verb */

/* argv[0] is the word before the verb's. How many words its name has. */
static const struct verb *
find(int argc, char **argv, int *n_words)
{
	char name[NAME_MAX_LEN];

	for (*n_words = NAME_WORDS; *n_words > 0; --*n_words) {
		if (argc <= *n_words)
			continue;
		(void)snprintf(name, sizeof name, "%s%s%s", argv[1],
			*n_words > 1 ? " " : "", *n_words > 1 ? argv[2] : "");
		for (size_t i = 0; i < n_verbs; i++)
			if (strcmp(verbs[i]->name, name) == 0)
				return verbs[i];
	}
	return NULL;
}

/* Whoever reads our output may have seen enough: no failure of ours that
 * deserves words. */
static int
end_output(int status, const struct verb *verb)
{
	int failed = verb->passes_status ? STATUS_OURS : STATUS_FAILED;

	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	if (errno != EPIPE)
		say("cannot write to stdout: %s", err_name(errno));
	return status ? status : failed;
}

static int
exit_status(const struct verb *verb, int r, const struct err *err)
{
	if (r >= 0)
		return end_output(r, verb);
	if (*err->text)
		say("%s", err->text);
	if (verb->passes_status)
		return STATUS_OURS;
	return r == -EINVAL ? STATUS_WRONG_USAGE : STATUS_FAILED;
}

static int
run(const struct verb *verb, const struct conf *conf, struct err *err)
{
	struct verb_call call = { .verb = verb, .conf = conf };
	const char *color = conf_text(conf, "nodelink.color");
	int r = term_init(&call.out, STDOUT_FILENO, color, err);

	if (r == 0)
		r = term_init(&call.err, STDERR_FILENO, color, err);
	call.n_words = conf_words(conf, &call.words);
	call.n_rest = conf_rest(conf, &call.rest);
	call.json = conf_bool(conf, "json");
	if (r == 0)
		r = context_find(conf, &call.context, err);
	if (r == 0)
		r = verb->run(&call, err);
	context_done(&call.context);
	return r;
}

/* argv[0] is the last word of the verb's name. */
static int
start(const struct verb *verb, int argc, char **argv)
{
	AUTO(conf_free) struct conf *conf = NULL;
	AUTO_FREE struct conf_item *items = NULL;
	AUTO_FREE char *file = context_file();
	char name[NAME_MAX_LEN];
	struct conf_program program = { .name = name,
		.summary = verb->summary,
		.default_file = file,
		.free_section = "context",
		.words = verb->words,
		.rest = verb->rest,
		.page = verb->page };
	struct err err = { "" };
	int r;

	(void)snprintf(name, sizeof name, "nodelink %s", verb->name);
	items = verb_items(verb, &program.n_items);
	if (!items || !file)
		return exit_status(
			verb, err_set(&err, -ENOMEM, "out of memory"), &err);
	program.items = items;
	r = conf_new(&program, argc, argv, &conf, &err);
	if (r == CONF_EXIT)
		return end_output(EXIT_SUCCESS, verb);
	if (r < 0) /* whatever it is, it is about how we were called */
		return exit_status(verb, -EINVAL, &err);
	return exit_status(verb, run(verb, conf, &err), &err);
}

int
main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "help";
	const struct verb *verb;
	int n = 0;

	if (fd_hold_standard(argv) < 0)
		return STATUS_FAILED; /* where to say it? */
	(void)setlocale(LC_CTYPE, ""); /* else it stays "C" */
	(void)signal(SIGPIPE, SIG_IGN); /* cannot fail; writes tell */
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
		(void)printf("nodelink %s\n", PACKAGE_VERSION);
		return EXIT_SUCCESS;
	}
	if (strcmp(word, "help") == 0 && argc > 2) {
		static char flag[] = "--help";
		char *help[] = { argv[0], flag, NULL };

		verb = find(argc - 1, argv + 1, &n);
		return verb ? start(verb, 2, help) : list_family(argv[2]);
	}
	if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 ||
		strcmp(word, "-h") == 0) {
		print_help();
		return EXIT_SUCCESS;
	}
	if (*word == '-') {
		say("'%s' stands before the verb; flags stand behind it: "
		    "nodelink VERB %s",
			word, word);
		return STATUS_WRONG_USAGE;
	}
	verb = find(argc, argv, &n);
	return verb ? start(verb, argc - n, argv + n) : list_family(word);
}
