/* help.c - the text of --help, from the table of settings */
#include <stdio.h>
#include <string.h>

#include "conf/settings.h"

enum { COLUMN = 29 }; /* where the explanations begin */

static const char *
arg_name(const struct conf_item *item)
{
	if (item->arg)
		return item->arg;
	switch (item->type) {
	case CONF_TEXT: return "TEXT";
	case CONF_PATH: return "PATH";
	case CONF_BOOL: return "yes|no";
	case CONF_INT: return "NUMBER";
	case CONF_SIZE: return "SIZE";
	case CONF_DURATION: return "TIME";
	case CONF_ADDRESS: return "ADDRESS";
	case CONF_LEVEL: return "LEVEL";
	}
	return "";
}

static void
print_line(const char *left, const char *help)
{
	if (strlen(left) < COLUMN - 1)
		(void)printf("%-*s%s", COLUMN, left, help);
	else
		(void)printf("%s\n%-*s%s", left, COLUMN, "", help);
}

static void
print_item(const struct conf_item *item)
{
	char left[120], shown[8] = "    ";

	if (item->heading)
		(void)printf("\n%s:\n", item->heading);
	if (!item->help)
		return;
	if (item->short_flag)
		(void)snprintf(shown, sizeof shown, "-%c%s", item->short_flag,
			item->flag ? ", " : "  ");
	if (!item->flag && !item->short_flag && !strchr(item->key, '.'))
		(void)snprintf(left, sizeof left, "  $%s", item->env);
	else if (!item->flag && !item->short_flag)
		(void)snprintf(left, sizeof left, "  %s = %s", item->key,
			arg_name(item));
	else if (item->type == CONF_BOOL)
		(void)snprintf(left, sizeof left, "  %s%s%s", shown,
			item->flag ? "--" : "", item->flag ? item->flag : "");
	else
		(void)snprintf(left, sizeof left, "  %s%s%s %s", shown,
			item->flag ? "--" : "", item->flag ? item->flag : "",
			arg_name(item));
	print_line(left, item->help);
	if (item->env && !strchr(left, '$'))
		(void)printf("; also $%s", item->env);
	if (item->fallback && item->type != CONF_BOOL && *item->fallback)
		(void)printf(" (default: %s)", item->fallback);
	else if (item->fallback && item->type == CONF_BOOL && !item->flag)
		(void)printf(" (default: %s)", item->fallback);
	(void)putchar('\n');
}

static void
print_items(const struct conf_program *program, bool with_flag)
{
	for (size_t i = 0; i < program->n_items; i++) {
		const struct conf_item *item = &program->items[i];

		if ((item->flag || item->short_flag) == with_flag)
			print_item(item);
	}
}

static bool
has_more(const struct conf_program *program)
{
	for (size_t i = 0; i < program->n_items; i++)
		if (!program->items[i].flag && !program->items[i].short_flag &&
			program->items[i].help)
			return true;
	return false;
}

/* Failing to write to stdout is for the reader of it to notice. */
void
conf_print_help(const struct conf_program *program)
{
	bool titled = program->n_items && program->items[0].heading;

	(void)printf("Usage: %s [FLAG]...%s%s%s%s\n%s\n%s", program->name,
		program->words ? " " : "", program->words ? program->words : "",
		program->rest ? " " : "", program->rest ? program->rest : "",
		program->summary, titled ? "" : "\n");
	print_items(program, true);
	if (program->default_file) {
		print_line("  -c, --config FILE", "read settings from FILE");
		(void)printf(" (default: %s)\n", program->default_file);
	}
	print_line("  -h, --help", "say this and exit\n");
	print_line("  -V, --version", "say the version and exit\n");
	if (has_more(program)) {
		(void)printf("\n%s:\n",
			program->default_file
				? "By the file (section.key) or environment"
				: "By the environment");
		print_items(program, false);
	}
	if (program->help_more)
		program->help_more();
	if (program->page)
		(void)printf("\nSee %s.\n", program->page);
	else if (program->default_file)
		(void)printf("\nA flag beats the environment, which beats the "
			     "file. See %s.conf(5).\n",
			program->name);
}
