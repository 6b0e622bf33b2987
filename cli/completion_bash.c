/* completion_bash.c - the script by which bash completes command lines
 *
 * One function has the tables, as a case for each verb; the other one, which is
 * the same for all, uses what the first has set. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/completion.h"

static const char head[] =
	"# bash completion of nodelink, made by \"nodelink completion bash\"\n"
	"\n"
	"# $1: the verb, $2: the word before. What can follow: flags, words,\n"
	"# and value, if that word is a flag that takes one.\n"
	"_nodelink_verb() {\n"
	"\tflags='' words='' value=-\n"
	"\tcase $1 in\n";

static const char tail[] =
	"\thelp) words=\"=$_nodelink_first\" ;;\n"
	"\t*) return 1 ;;\n"
	"\tesac\n"
	"}\n"
	"\n"
	"# $1: where words come from.\n"
	"_nodelink_words() {\n"
	"\tlocal i pass=()\n"
	"\tcase $1 in\n"
	"\t=*) printf '%s\\n' \"${1#=}\" ;;\n"
	"\tfiles | '') ;;\n"
	"\t*)\n"
	"\t\tfor ((i = 1; i < COMP_CWORD - 1; i++)); do\n"
	"\t\t\tcase ${COMP_WORDS[i]} in\n"
	"\t\t\t-s | --server | --context | --token-file | --ca | -c | "
	"--config)\n"
	"\t\t\t\tpass+=(\"${COMP_WORDS[i]}\" \"${COMP_WORDS[i + 1]}\") ;;\n"
	"\t\t\tesac\n"
	"\t\tdone\n"
	"\t\t\"${COMP_WORDS[0]}\" completion \"$1\" \"${pass[@]}\" "
	"2>/dev/null | cut -f 1 ;;\n"
	"\tesac\n"
	"}\n"
	"\n"
	"# A command behind \"--\", whose first word is number $1: as if it were\n"
	"# typed here, since nobody knows what the node has.\n"
	"_nodelink_command() {\n"
	"\tlocal offset\n"
	"\tfor offset in _comp_command_offset _command_offset; do\n"
	"\t\tif declare -F $offset >/dev/null; then\n"
	"\t\t\t$offset \"$1\"\n"
	"\t\t\treturn\n"
	"\t\tfi\n"
	"\tdone\n"
	"\t((COMP_CWORD == $1)) || return # files, by default\n"
	"\t# shellcheck disable=SC2207\n"
	"\tCOMPREPLY=($(compgen -c -- \"$cur\" | sort -u))\n"
	"}\n"
	"\n"
	"_nodelink() {\n"
	"\tlocal i\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} flags words value from verb\n"
	"\tlocal before=${COMP_WORDS[COMP_CWORD - 1]} IFS=$' \\t\\n'\n"
	"\tCOMPREPLY=()\n"
	"\tfor ((i = 2; i < COMP_CWORD; i++)); do\n"
	"\t\t[[ ${COMP_WORDS[i]} == -- ]] || continue\n"
	"\t\t[[ ${COMP_WORDS[1]} == run ]] && _nodelink_command $((i + 1))\n"
	"\t\treturn\n"
	"\tdone\n"
	"\tfor verb in \"${COMP_WORDS[*]:1:2}\" \"${COMP_WORDS[1]}\"; do\n"
	"\t\t_nodelink_verb \"$verb\" \"$before\" && break\n"
	"\tdone\n"
	"\tif ((COMP_CWORD == 1)); then\n"
	"\t\tfrom=\"=$_nodelink_first\"\n"
	"\telif [[ $value != - ]]; then\n"
	"\t\tfrom=$value\n"
	"\telif [[ $cur == -* ]]; then\n"
	"\t\tfrom=\"=$flags\"\n"
	"\telse\n"
	"\t\tfrom=$words\n"
	"\tfi\n"
	"\t# shellcheck disable=SC2207\n"
	"\tCOMPREPLY=($(compgen -W \"$(_nodelink_words \"$from\")\" -- "
	"\"$cur\"))\n"
	"}\n"
	"\n"
	"complete -o bashdefault -o default -F _nodelink nodelink\n";

static void
print_flags(const struct conf_item *items, size_t n)
{
	(void)printf("\t\tflags='");
	for (size_t i = 0; i < n; i++)
		if (items[i].flag && items[i].help)
			(void)printf("--%s ", items[i].flag);
	(void)printf("--config --help'\n");
}

/* Flags that take something, with where it comes from. */
static void
print_values(const struct conf_item *items, size_t n)
{
	(void)printf("\t\tcase $2 in\n");
	for (size_t i = 0; i < n; i++) {
		if (!items[i].flag || items[i].type == CONF_BOOL)
			continue;
		(void)printf("\t\t--%s", items[i].flag);
		if (items[i].short_flag)
			(void)printf(" | -%c", items[i].short_flag);
		(void)printf(
			") value='%s' ;;\n", completion_of_flag(&items[i]));
	}
	(void)printf("\t\t--config | -c) value=files ;;\n\t\tesac ;;\n");
}

static int
print_verb(const struct verb *verb)
{
	size_t n;
	AUTO_FREE struct conf_item *items = verb_items(verb, &n);

	if (!items)
		return -ENOMEM;
	(void)printf("\t'%s')\n\t\twords='%s'\n", verb->name,
		completion_of_words(verb));
	print_flags(items, n);
	print_values(items, n);
	return 0;
}

/* The first words of verbs of two, as verbs whose words are the second ones. */
static void
print_families(void)
{
	for (size_t i = 0, n; i < n_verbs; i += n) {
		size_t len = strcspn(verbs[i]->name, " ");

		n = completion_family(i);
		if (!verbs[i]->name[len])
			continue;
		(void)printf(
			"\t'%.*s')\n\t\twords='=", (int)len, verbs[i]->name);
		for (size_t k = i; k < i + n; k++)
			(void)printf("%s ", verbs[k]->name + len + 1);
		(void)printf("' ;;\n");
	}
}

static void
print_first(void)
{
	(void)printf("\n_nodelink_first='");
	for (size_t i = 0; i < n_verbs; i += completion_family(i))
		(void)printf("%.*s ", (int)strcspn(verbs[i]->name, " "),
			verbs[i]->name);
	(void)printf("help'\n");
}

int
completion_bash(void)
{
	int r = 0;

	(void)fputs(head, stdout);
	for (size_t i = 0; i < n_verbs && r == 0; i++)
		r = print_verb(verbs[i]);
	print_families();
	(void)fputs(tail, stdout);
	print_first();
	return r;
}
