/* fields.c - values checked against the fields that a plugin declared */
#include "executor/fields.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/parse.h"

struct field_value {
	const char *name; /* the plugin's text */
	const char *const *list; /* ended by NULL */
};

struct fields {
	size_t n;
	struct field_value value[]; /* then the lists, then the text */
};

/* ------------------------------------------------------------------ checks */

static const struct ndl_field *
declared_as(const struct ndl_field *f, const char *name)
{
	for (; f->name; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

static const struct msg_param *
given_as(const struct msg_param *given, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (given[i].n_values && strcmp(given[i].name, name) == 0)
			return &given[i];
	return NULL;
}

static const char *
wrong_form(const struct ndl_field *f, const char *text)
{
	uint64_t size;
	int64_t number;
	bool yes;

	switch (f->type) {
	case NDL_BOOL:
		return parse_bool(text, &yes) < 0 ? "want yes or no" : NULL;
	case NDL_INT:
		return parse_i64(text, INT64_MIN, INT64_MAX, &number) < 0
			       ? "want a whole number"
			       : NULL;
	case NDL_SIZE:
		return parse_size(text, &size) < 0 ? "want a size like 64k"
						   : NULL;
	case NDL_MSEC:
		return parse_duration_ms(text, &number) < 0
			       ? "want a duration like 1500ms or 10s"
			       : NULL;
	case NDL_PATH: return *text != '/' ? "want an absolute path" : NULL;
	}
	return NULL; /* NDL_TEXT: anything */
}

static int
check_value(const struct ndl_field *f, const char *what, const char *text,
	struct err *err)
{
	const char *wrong;

	if (strlen(text) >= LIMIT_CMD)
		return err_set(err, -EINVAL, "%s '%s' is longer than %d bytes",
			what, f->name, LIMIT_CMD - 1);
	wrong = wrong_form(f, text);
	if (wrong && f->flags & NDL_SECRET)
		return err_set(
			err, -EINVAL, "%s '%s': %s", what, f->name, wrong);
	if (wrong)
		return err_set(err, -EINVAL, "%s '%s': %s, not '%.64s'", what,
			f->name, wrong, text);
	return 0;
}

static int
check_given(const struct ndl_field *declared, const char *what,
	const struct msg_param *given, struct err *err)
{
	const struct ndl_field *f = declared_as(declared, given->name);

	if (!f)
		return err_set(
			err, -EINVAL, "unknown %s '%.64s'", what, given->name);
	if (given->n_values > LIMIT_LIST ||
		(given->n_values > 1 && !(f->flags & NDL_LIST)))
		return err_set(err, -EINVAL, "%s '%s' has %zu values", what,
			f->name, given->n_values);
	for (size_t i = 0; i < given->n_values; i++) {
		int r = check_value(f, what, given->values[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int
check_all(const struct ndl_field *declared, const char *what,
	const struct msg_param *given, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		int r = check_given(declared, what, &given[i], err);

		if (r < 0)
			return r;
		if (given_as(given, i, given[i].name))
			return err_set(err, -EINVAL, "%s '%s' is given twice",
				what, given[i].name);
	}
	for (const struct ndl_field *f = declared; f->name; f++)
		if (f->flags & NDL_REQUIRED && !given_as(given, n, f->name))
			return err_set(err, -EINVAL, "%s '%s' is required",
				what, f->name);
	return 0;
}

/* ------------------------------------------------------------------- store */

/* A block that is first measured, then filled by the same walk. */
struct block {
	struct fields *f; /* NULL: measuring */
	const char **lists;
	char *text;
	size_t n, n_lists, n_text;
};

static void
block_add(struct block *b, const char *name, const char *const *values,
	size_t n_values)
{
	if (b->f)
		b->f->value[b->n] =
			(struct field_value){ name, b->lists + b->n_lists };
	b->n++;
	for (size_t i = 0; i < n_values; i++) {
		size_t size = strlen(values[i]) + 1;

		if (b->f) {
			b->lists[b->n_lists + i] =
				memcpy(b->text + b->n_text, values[i], size);
		}
		b->n_text += size;
	}
	b->n_lists += n_values + 1; /* calloc() made the NULL */
}

static void
block_walk(struct block *b, const struct ndl_field *declared,
	const struct msg_param *given, size_t n)
{
	for (const struct ndl_field *f = declared; f->name; f++) {
		const struct msg_param *p = given_as(given, n, f->name);

		if (p)
			block_add(b, f->name, p->values, p->n_values);
		else if (f->fallback)
			block_add(b, f->name, &f->fallback, 1);
	}
}

int
fields_check(const struct ndl_field *declared, const char *what,
	const struct msg_param *given, size_t n, struct fields **out,
	struct err *err)
{
	struct block b = { 0 };
	size_t head, lists;
	struct fields *f;
	int r = check_all(declared, what, given, n, err);

	if (r < 0)
		return r;
	block_walk(&b, declared, given, n);
	/* Bounded: LIMIT_PARAMS fields of LIMIT_LIST values from one message. */
	head = sizeof *f + b.n * sizeof f->value[0];
	lists = b.n_lists * sizeof(char *);
	f = calloc(1, head + lists + b.n_text);
	if (!f)
		return err_set(err, -ENOMEM, "out of memory");
	f->n = b.n;
	b = (struct block){ .f = f,
		.lists = (const char **)((char *)f + head),
		.text = (char *)f + head + lists };
	block_walk(&b, declared, given, n);
	*out = f;
	return 0;
}

void
fields_free(struct fields *f)
{
	free(f);
}

const char *const *
fields_get_list(const struct fields *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->value[i].name, name) == 0)
			return f->value[i].list;
	return NULL;
}

const char *
fields_get(const struct fields *f, const char *name)
{
	const char *const *list = fields_get_list(f, name);

	return list ? list[0] : NULL;
}
