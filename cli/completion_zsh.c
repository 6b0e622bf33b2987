/* completion_zsh.c - the script by which zsh completes command lines */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/completion.h"

static const char head[] =
	"#compdef nodelink\n"
	"# zsh completion of nodelink, made by \"nodelink completion zsh\"\n"
	"\n"
	"# $1: what to ask for. Words and what they are, by a tab apart.\n"
	"_nodelink_ask() {\n"
	"\tlocal -a found\n"
	"\tlocal whom='(-s|--server|--context|--token-file|--ca|-c|--config)'\n"
	"\tfound=(${(f)\"$(nodelink completion $1 "
	"${(kv)opt_args[(I)$whom]} 2>/dev/null)\"})\n"
	"\tfound=(${found//:/\\\\:})\n"
	"\tfound=(${found/$'\\t'/:})\n"
	"\t_describe -V $1 found\n"
	"}\n"
	"\n"
	"# The command of \"run\", which the words are now, \"--\" before it.\n"
	"_nodelink_command() {\n"
	"\tif [[ $words[1] == -- ]]; then\n"
	"\t\tshift words\n"
	"\t\t(( CURRENT-- ))\n"
	"\tfi\n"
	"\t_normal\n"
	"}\n"
	"\n"
	"_nodelink() {\n"
	"\tlocal -a verbs\n"
	"\tlocal -A opt_args\n"
	"\tlocal verb=$words[2]\n"
	"\tif (( CURRENT == 2 )); then\n"
	"\t\tverbs=(\n";

static const char tail[] = "\tesac\n"
			   "}\n"
			   "\n"
			   "compdef _nodelink nodelink\n";

/* Within '...[...]'. */
static void
print_quoted(const char *text)
{
	for (; *text; text++) {
		if (*text == '\'')
			(void)fputs("'\\''", stdout);
		else if (strchr("[]:\\", *text))
			(void)printf("\\%c", *text);
		else
			(void)putchar(*text);
	}
}

/* What to call for words: an action of _arguments, which adds words of its own
 * unless there is a space before. */
static void
print_action(const char *from)
{
	if (*from == '=')
		(void)printf("(%s)", from + 1);
	else if (strcmp(from, "files") == 0)
		(void)printf("_files");
	else if (*from)
		(void)printf(" _nodelink_ask %s", from);
	else
		(void)printf(" ");
}

static void
print_flag(const struct conf_item *item)
{
	bool takes = item->type != CONF_BOOL;

	if (!item->flag || !item->help)
		return;
	(void)printf("\t\t\t");
	if (item->many)
		(void)printf("'*'");
	else if (item->short_flag)
		(void)printf("'(-%c --%s)'", item->short_flag, item->flag);
	if (item->short_flag)
		(void)printf("{-%c%s,--%s%s}'[", item->short_flag,
			takes ? "+" : "", item->flag, takes ? "=" : "");
	else
		(void)printf("'--%s%s[", item->flag, takes ? "=" : "");
	print_quoted(item->help);
	(void)putchar(']');
	if (takes) {
		(void)printf(":%s:", item->flag);
		print_action(completion_of_flag(item));
	}
	(void)printf("' \\\n");
}

static int
print_verb(const struct verb *verb)
{
	size_t n;
	AUTO_FREE struct conf_item *items = verb_items(verb, &n);

	if (!items)
		return -ENOMEM;
	(void)printf("\t'%s')\n\t\t_arguments -s -S \\\n", verb->name);
	for (size_t i = 0; i < n; i++)
		print_flag(&items[i]);
	(void)printf("\t\t\t'(-c --config)'{-c+,--config=}'[settings file]"
		     ":config:_files' \\\n"
		     "\t\t\t'(-h --help)'{-h,--help}'[say what it does]' \\\n");
	if (verb->words) {
		(void)printf("\t\t\t'%s:word:", verb->rest ? "1" : "*");
		print_action(completion_of_words(verb));
		(void)printf("'%s\n", verb->rest ? " \\" : " ;;");
	}
	if (verb->rest) /* three colons: only these are the words then */
		(void)printf("\t\t\t'*:::command:%s' ;;\n",
			strstr(verb->rest, "--") ? "_nodelink_command"
						 : "_default");
	else if (!verb->words)
		(void)printf("\t\t\t;;\n");
	return 0;
}

static void
print_described(const char *indent, const char *word, const char *summary)
{
	(void)printf("%s'%s:", indent, word);
	print_quoted(summary);
	(void)printf("'\n");
}

/* The first words; those of a family are described by their second ones. */
static void
print_first(void)
{
	for (size_t i = 0, n; i < n_verbs; i += n) {
		size_t len = strcspn(verbs[i]->name, " ");

		n = completion_family(i);
		if (!verbs[i]->name[len]) {
			print_described(
				"\t\t\t", verbs[i]->name, verbs[i]->summary);
			continue;
		}
		(void)printf("\t\t\t'%.*s:", (int)len, verbs[i]->name);
		for (size_t k = i; k < i + n; k++)
			(void)printf("%s%s", k == i ? "" : ", ",
				verbs[k]->name + len + 1);
		(void)printf("'\n");
	}
	(void)printf("\t\t)\n\t\t_describe verb verbs\n\t\treturn\n\tfi\n"
		     "\tcase $verb in\n");
}

static void
print_families(void)
{
	for (size_t i = 0, n; i < n_verbs; i += n) {
		size_t len = strcspn(verbs[i]->name, " ");

		n = completion_family(i);
		if (!verbs[i]->name[len])
			continue;
		(void)printf("\t%.*s)\n\t\tif (( CURRENT == 3 )); then\n"
			     "\t\t\tverbs=(\n",
			(int)len, verbs[i]->name);
		for (size_t k = i; k < i + n; k++)
			print_described("\t\t\t\t", verbs[k]->name + len + 1,
				verbs[k]->summary);
		(void)printf("\t\t\t)\n\t\t\t_describe verb verbs\n"
			     "\t\t\treturn\n\t\tfi\n"
			     "\t\tverb=\"$words[2] $words[3]\"\n"
			     "\t\tshift words\n\t\t(( CURRENT-- )) ;;\n");
	}
	(void)printf("\tesac\n\tshift words\n\t(( CURRENT-- ))\n"
		     "\tcase $verb in\n");
}

int
completion_zsh(void)
{
	int r = 0;

	(void)fputs(head, stdout);
	print_first();
	print_families();
	for (size_t i = 0; i < n_verbs && r == 0; i++)
		r = print_verb(verbs[i]);
	(void)fputs(tail, stdout);
	return r;
}
