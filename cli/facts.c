/* facts.c - names and values, one a line: what is known about one thing */
#include "cli/facts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "cli/look.h"

void
facts_init(struct facts *facts, const struct term *term)
{
	static const struct table_column columns[] = { { 0 }, { 0 } };

	*facts = (struct facts){ .term = term };
	facts->table = table_new(columns, ARRAY_SIZE(columns));
	if (!facts->table)
		facts->r = -ENOMEM;
}

void
facts_done(struct facts *facts)
{
	table_free(facts->table);
}

static void
add(struct facts *facts, const char *name, enum term_style style,
	const char *text)
{
	const struct table_cell row[] = {
		{ name, term_style(facts->term, TERM_DIM) },
		{ text, style == TERM_PLAIN ? NULL
					    : term_style(facts->term, style) },
	};

	if (*text && facts->r == 0)
		facts->r = table_row(facts->table, row);
}

void
facts_add(struct facts *facts, const char *name, const char *text)
{
	add(facts, name, TERM_PLAIN, text);
}

void
facts_addf(struct facts *facts, const char *name, enum term_style style,
	const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n >= 0)
		add(facts, name, style, text);
	else
		facts->r = -ENOMEM;
}

int
facts_print(const struct facts *facts, struct err *err)
{
	if (facts->r < 0)
		return err_set(err, facts->r, "out of memory");
	return look_print(facts->table, facts->term, err);
}
