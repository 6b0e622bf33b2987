/* flags.c - settings from the command line, and --help from the same table */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "conf/settings.h"

/* getopt_long() returns FIRST + the item's index for long and short flags, and
 * WORD for what is no flag: so words stay where they were, before or behind
 * "--". */
enum { WORD = 1, HELP = 1000, VERSION, CONFIG, FIRST };

struct flags {
	struct option *longs; /* built-ins, then one per item with a flag */
	size_t n;
	char *shorts;
	const char **names; /* of longs, for suggestions */
};

static const struct option built_in[] = {
	{ "help", no_argument, NULL, HELP },
	{ "version", no_argument, NULL, VERSION },
	{ "config", required_argument, NULL, CONFIG },
};

static void
flags_done(struct flags *flags)
{
	free(flags->longs);
	free(flags->shorts);
	free(flags->names);
}

static int
flags_init(struct flags *flags, const struct conf_program *program)
{
	size_t max = program->n_items + ARRAY_SIZE(built_in) + 1, n = 0;
	char *s;

	flags->longs = calloc(max, sizeof *flags->longs);
	flags->names = calloc(max, sizeof *flags->names);
	flags->shorts = calloc(max * 3 + 3, 1);
	if (!flags->longs || !flags->shorts || !flags->names)
		return -ENOMEM;
	s = stpcpy(flags->shorts, program->default_file ? "-:hVc:" : "-:hV");
	for (size_t i = 0; i < ARRAY_SIZE(built_in); i++)
		if (built_in[i].val != CONFIG || program->default_file)
			flags->longs[n++] = built_in[i];
	for (size_t i = 0; i < program->n_items; i++) {
		const struct conf_item *item = &program->items[i];
		bool alone = item->type == CONF_BOOL;

		if (item->flag)
			flags->longs[n++] = (struct option){
				.name = item->flag,
				.has_arg = alone ? optional_argument
						 : required_argument,
				.val = FIRST + (int)i,
			};
		if (item->short_flag) {
			*s++ = item->short_flag;
			s = stpcpy(s, alone ? "" : ":");
		}
	}
	flags->n = n;
	for (size_t i = 0; i < n; i++)
		flags->names[i] = flags->longs[i].name;
	return 0;
}

static size_t
find_short(const struct conf_program *program, int c)
{
	for (size_t i = 0; i < program->n_items; i++)
		if (program->items[i].short_flag == c)
			return i;
	return program->n_items;
}

static int
take_flag(struct conf *conf, int c, struct err *err)
{
	const struct conf_program *program = conf->program;
	size_t i = c >= FIRST ? (size_t)(c - FIRST) : find_short(program, c);
	const struct conf_item *item = &program->items[i];
	char where[80];

	if (item->flag)
		(void)snprintf(where, sizeof where, "--%s", item->flag);
	else
		(void)snprintf(where, sizeof where, "-%c", item->short_flag);
	return conf_set(
		conf, i, CONF_FROM_FLAG, optarg ? optarg : "yes", where, err);
}

/* What getopt did not like. optopt is the letter of a short flag, the val of a
 * long one, 0 for an unknown long one. */
static int
wrong_flag(const struct conf_program *program, const struct flags *flags, int c,
	char **argv, struct err *err)
{
	const char *what_else =
		program->rest ? "flags of the command stand behind its name"
			      : "see --help";
	const char *word = argv[optind - 1], *like;
	char name[64];

	if (c == ':')
		return err_set(err, -EINVAL, "%s needs a value", word);
	if (optopt && optopt < HELP)
		return err_set(err, -EINVAL, "unknown flag -%c; %s", optopt,
			what_else);
	if (optopt)
		return err_set(
			err, -EINVAL, "'%s': this flag takes no value", word);
	(void)snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="),
		word + 2);
	like = conf_nearest(name, flags->names, flags->n);
	if (like)
		return err_set(err, -EINVAL,
			"unknown flag '--%s'; did you mean '--%s'?", name,
			like);
	return err_set(
		err, -EINVAL, "unknown flag '--%s'; %s", name, what_else);
}

static int
name_file(struct conf *conf, const char *path, struct err *err)
{
	char *copy = strdup(path);

	if (!copy)
		return err_set(err, -ENOMEM, "out of memory");
	free(conf->file);
	conf->file = copy;
	conf->file_must_exist = true;
	return 0;
}

/* How many words the program wants, by what it calls them: "AGENT [PLUGIN]". */
static void
count_words(const char *names, size_t *min, size_t *max)
{
	*min = *max = 0;
	for (const char *p = names; p && *p; p += strspn(p, " ")) {
		*min += *p != '[';
		*max += 1;
		p += strcspn(p, " ");
	}
	if (names && strstr(names, "..."))
		*max = SIZE_MAX;
}

/* Flags end with the last word: the command needs no dashes. */
static bool
ends_with_words(const struct conf_program *program)
{
	return program->rest && !strstr(program->rest, "--");
}

static int
check_words(const struct conf *conf, size_t min, size_t max, struct err *err)
{
	const struct conf_program *p = conf->program;

	if (conf->n_words > max)
		return err_set(err, -EINVAL, "unexpected argument '%s'; %s",
			conf->words[max],
			p->rest ? "put -- before the command" : "see --help");
	if (conf->n_words < min)
		return err_set(
			err, -EINVAL, "expected %s; see --help", p->words);
	if (p->rest && *p->rest != '[' && !conf->n_rest)
		return err_set(err, -EINVAL,
			"expected a command: %s; see --help", p->rest);
	return 0;
}

/* What stands behind "--", or behind the last word: words that are missing, and
 * then the command if there can be one. */
static int
take_rest(struct conf *conf, int n, char **args, struct err *err)
{
	const struct conf_program *p = conf->program;
	size_t min, max;

	count_words(p->words, &min, &max);
	while (n > 0 &&
		(!p->rest || (ends_with_words(p) && conf->n_words < max))) {
		conf->words[conf->n_words++] = *args++;
		n--;
	}
	conf->rest = args;
	conf->n_rest = (size_t)n;
	return check_words(conf, min, max, err);
}

static bool
has_all_words(const struct conf *conf)
{
	size_t min, max;

	count_words(conf->program->words, &min, &max);
	return ends_with_words(conf->program) && conf->n_words == max;
}

static int
read_flags(struct conf *conf, const struct flags *flags, int argc, char **argv,
	struct err *err)
{
	int c, r = 0;

	opterr = 0;
	optind = 0; /* glibc and musl: start anew */
	while (r == 0 && !has_all_words(conf) &&
		(c = getopt_long(argc, argv, flags->shorts, flags->longs,
			 NULL)) != -1) {
		if (c == 'h' || c == HELP) {
			conf_print_help(conf->program);
			return CONF_EXIT;
		}
		if (c == 'V' || c == VERSION) {
			(void)printf("%s %s\n", conf->program->name,
				PACKAGE_VERSION); /* stdout is not ours */
			return CONF_EXIT;
		}
		if (c == WORD)
			conf->words[conf->n_words++] = optarg;
		else if (c == '?' || c == ':')
			r = wrong_flag(conf->program, flags, c, argv, err);
		else if (c == CONFIG ||
			 (c == 'c' && conf->program->default_file))
			r = name_file(conf, optarg, err);
		else
			r = take_flag(conf, c, err);
	}
	return r < 0 ? r : take_rest(conf, argc - optind, argv + optind, err);
}

int
conf_read_flags(struct conf *conf, int argc, char **argv, struct err *err)
{
	struct flags flags = { 0 };
	int r = flags_init(&flags, conf->program);

	conf->words = calloc((size_t)argc + 1, sizeof *conf->words);
	if (r < 0 || !conf->words)
		r = err_set(err, -ENOMEM, "out of memory");
	else
		r = read_flags(conf, &flags, argc, argv, err);
	flags_done(&flags);
	return r;
}
