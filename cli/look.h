/* look.h - how things look that several verbs show */
#ifndef NODELINK_CLI_LOOK_H
#define NODELINK_CLI_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/table.h"
#include "cli/term.h"
#include "json/json.h"

/* The style of a task's status. */
enum term_style look_status(const char *status);

/* Appends a table as it fits the stream. 0 or -ENOMEM. */
int
look_table(struct buf *out, const struct table *table, const struct term *term);
/* The same to stdout, or -ENOMEM with text. */
int
look_print(const struct table *table, const struct term *term, struct err *err);

/* Records as a table, a row for each: add_row() adds that one, and returns 0 or
 * -ENOMEM; now is the same for all of them. */
struct look_list {
	const struct table_column *columns;
	size_t n_columns;
	int (*add_row)(struct table *table, const json_t *record, int64_t now,
		const struct term *term);
};
/* *out is the caller's. 0, or -ENOMEM with text. */
int look_rows(const struct look_list *list, const json_t *records,
	const struct term *term, struct table **out, struct err *err);
/* The same to stdout. */
int look_list(const struct look_list *list, const json_t *records,
	const struct term *term, struct err *err);

/* A line on stdout, made safe by term_safe(). 0, or -ENOMEM with text. */
int look_line(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* What a task does, in a line: its command, image and command, or parameters.
 * 0 or -ENOMEM. */
int look_what(struct buf *out, const json_t *task);

/* "a=b, c=d", or "" for none. 0 or -ENOMEM. */
int look_labels(struct buf *out, json_t *labels);

#endif
