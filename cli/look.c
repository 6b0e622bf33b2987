/* look.c - how things look that several verbs show */
#include "cli/look.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "cli/http.h"
#include "cli/record.h"

enum term_style
look_status(const char *status)
{
	static const struct {
		const char *status;
		enum term_style style;
	} known[] = {
		{ "pending", TERM_DIM },
		{ "in_progress", TERM_CYAN },
		{ "completed", TERM_GREEN },
		{ "failed", TERM_RED },
		{ "cancelled", TERM_YELLOW },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i].status, status) == 0)
			return known[i].style;
	return TERM_PLAIN;
}

int
look_table(struct buf *out, const struct table *table, const struct term *term)
{
	const struct table_form form = {
		.width = term->is_tty ? term_width(term) : 0,
		.style_titles = term_style(term, TERM_DIM),
		.style_end = term_style(term, TERM_PLAIN),
	};

	return table_text(table, &form, out);
}

int
look_print(const struct table *table, const struct term *term, struct err *err)
{
	AUTO_BUF struct buf out = { 0 };

	if (look_table(&out, table, term) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	(void)fwrite(out.data, 1, out.len, stdout); /* main.c checks */
	return 0;
}

int
look_rows(const struct look_list *list, const json_t *records,
	const struct term *term, struct table **out, struct err *err)
{
	AUTO(table_free)
	struct table *table = table_new(list->columns, list->n_columns);
	int64_t now = clock_wall_ms();
	const json_t *record;
	size_t i;
	int r = table ? 0 : -ENOMEM;

	json_array_foreach(records, i, record)
	{
		if (r == 0)
			r = list->add_row(table, record, now, term);
	}

	if (r < 0)
		return err_set(err, r, "out of memory");
	*out = TAKE(table);
	return 0;
}

int
look_list(const struct look_list *list, const json_t *records,
	const struct term *term, struct err *err)
{
	AUTO(table_free) struct table *table = NULL;
	int r = look_rows(list, records, term, &table, err);

	return r < 0 ? r : look_print(table, term, err);
}

int
look_line(struct err *err, const char *fmt, ...)
{
	AUTO_BUF struct buf line = { 0 };
	AUTO_FREE char *text = NULL;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	if (n < 0 || term_safe(&line, text) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	(void)puts(buf_text(&line)); /* main.c checks */
	return 0;
}

/* A parameter: a text, or a list of them. */
static int
add_value(struct buf *out, const json_t *value)
{
	const json_t *item;
	const char *text = json_plain_text(value);
	size_t i;
	int r = text ? buf_add_text(out, text) : 0;

	json_array_foreach(value, i, item)
	{
		text = json_plain_text(item);
		if (r == 0)
			r = buf_printf(
				out, "%s%s", i ? " " : "", text ? text : "");
	}
	return r;
}

int
look_what(struct buf *out, const json_t *task)
{
	const char *cmd = http_text(task, "cmd");
	json_t *params = record_object(task, "params"), *value;
	const char *name, *before = "";
	int r = 0;

	if (*cmd)
		return buf_add_text(out, cmd);
	if (*http_text(params, "image")) {
		r = buf_printf(out, "%s ", http_text(params, "image"));
		return r < 0 ? r
			     : add_value(out, json_object_get(params, "cmd"));
	}
	json_object_foreach(params, name, value)
	{
		if (r == 0)
			r = buf_printf(out, "%s%s=", before, name);
		if (r == 0)
			r = add_value(out, value);
		before = " ";
	}
	return r;
}

int
look_labels(struct buf *out, json_t *labels)
{
	json_t *value;
	const char *name, *before = "";
	int r = 0;

	json_object_foreach(labels, name, value)
	{
		const char *text = json_plain_text(value);

		if (r == 0)
			r = buf_printf(
				out, "%s%s=%s", before, name, text ? text : "");
		before = ", ";
	}
	return r;
}
