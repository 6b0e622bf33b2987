/* emit.c - write JSON straight into a buffer, without building a tree */
#include "json/emit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "json/escape.h"

static void
add(struct emit *e, const char *text, size_t len)
{
	if (e->r == 0)
		e->r = buf_add(e->out, text, len);
}

static void
add_string(struct emit *e, const char *text)
{
	add(e, "\"", 1);
	if (e->r == 0)
		e->r = escape_json_buf(e->out, text, strlen(text));
	add(e, "\"", 1);
}

static void
begin(struct emit *e, const char *key)
{
	if (e->comma)
		add(e, ",", 1);
	e->comma = true;
	if (key) {
		add(e, "\"", 1);
		add(e, key, strlen(key));
		add(e, "\":", 2);
	}
}

void
emit_init(struct emit *e, struct buf *out)
{
	*e = (struct emit){ .out = out };
}

void
emit_object(struct emit *e, const char *key)
{
	begin(e, key);
	add(e, "{", 1);
	e->comma = false;
}

void
emit_object_end(struct emit *e)
{
	add(e, "}", 1);
	e->comma = true;
}

void
emit_array(struct emit *e, const char *key)
{
	begin(e, key);
	add(e, "[", 1);
	e->comma = false;
}

void
emit_array_end(struct emit *e)
{
	add(e, "]", 1);
	e->comma = true;
}

void
emit_text(struct emit *e, const char *key, const char *text)
{
	begin(e, key);
	add_string(e, text);
}

void
emit_text_or_null(struct emit *e, const char *key, const char *text)
{
	if (text && *text)
		emit_text(e, key, text);
	else
		emit_null(e, key);
}

void
emit_int(struct emit *e, const char *key, int64_t value)
{
	char text[24];
	int n = snprintf(text, sizeof text, "%" PRId64, value);

	begin(e, key);
	add(e, text, (size_t)n);
}

void
emit_uint(struct emit *e, const char *key, uint64_t value)
{
	char text[24];
	int n = snprintf(text, sizeof text, "%" PRIu64, value);

	begin(e, key);
	add(e, text, (size_t)n);
}

void
emit_seconds(struct emit *e, const char *key, int64_t ms)
{
	char text[32];
	int n = ms % 1000 ? snprintf(text, sizeof text, "%" PRId64 ".%03d",
				    ms / 1000, (int)(ms % 1000))
			  : snprintf(text, sizeof text, "%" PRId64, ms / 1000);

	begin(e, key);
	add(e, text, (size_t)n);
}

void
emit_bool(struct emit *e, const char *key, bool value)
{
	begin(e, key);
	if (value)
		add(e, "true", 4);
	else
		add(e, "false", 5);
}

void
emit_null(struct emit *e, const char *key)
{
	begin(e, key);
	add(e, "null", 4);
}

void
emit_time(struct emit *e, const char *key, int64_t wall_ms)
{
	char text[CLOCK_TEXT];

	if (wall_ms)
		emit_text(e, key, clock_text(wall_ms, text));
	else
		emit_null(e, key);
}

void
emit_foreign(struct emit *e, const char *name, const char *text)
{
	begin(e, NULL);
	add_string(e, name);
	add(e, ":", 1);
	add_string(e, text);
}

void
emit_foreign_array(struct emit *e, const char *name)
{
	begin(e, NULL);
	add_string(e, name);
	add(e, ":[", 2);
	e->comma = false;
}

void
emit_labels(struct emit *e, const struct label *labels, size_t n)
{
	emit_object(e, "labels");
	for (size_t i = 0; i < n; i++)
		emit_foreign(e, labels[i].name, labels[i].value);
	emit_object_end(e);
}

int
emit_done(const struct emit *e)
{
	return e->r;
}
