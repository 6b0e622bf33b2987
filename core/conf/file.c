/* file.c - settings from an INI file
 *
 * inih splits lines into section, key and value. It is fed line by line from
 * here, because only so are line numbers, empty sections, cut lines and NUL
 * bytes known. Indentation means nothing (inih would see continuation lines),
 * so it is taken off. */
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "conf/settings.h"

enum { FILE_MAX = 1 << 20, WORDS = 64 };

struct reader {
	struct conf *conf;
	struct err *err;
	const char *rest; /* of the file's text */
	int line;
	int r; /* first error; then reading stops */
};

/* Table keys are "section.key". True when key stands in section. */
static bool
in_section(const char *table_key, const char *section)
{
	size_t n = strlen(section);

	return strncmp(table_key, section, n) == 0 && table_key[n] == '.' &&
	       !strchr(table_key + n + 1, '.');
}

static void
add_word(const char **words, size_t *n, const char *word)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp(words[i], word) == 0)
			return;
	if (*n < WORDS)
		words[(*n)++] = word;
}

/* "; did you mean 'x'?" or "; known are a, b, c". */
static void
suggest(const char *word, const char **words, size_t n, struct buf *out)
{
	const char *like = conf_nearest(word, words, n);

	if (like) {
		(void)buf_printf(out, "; did you mean '%s'?", like);
		return;
	}
	for (size_t i = 0; i < n; i++) /* without memory: a shorter text */
		(void)buf_printf(
			out, "%s%s", i ? ", " : "; known are ", words[i]);
}

/* ---------------------------------------------------------------- sections */

/* The name in "[plugin name]", or NULL. */
static const char *
free_name(const struct conf_program *program, const char *section)
{
	size_t n = program->free_section ? strlen(program->free_section) : 0;

	if (!n || strncmp(section, program->free_section, n) != 0 ||
		section[n] != ' ')
		return NULL;
	section += n + strspn(section + n, " \t");
	return *section ? section : NULL;
}

static int
check_section(struct reader *reader, const char *section)
{
	const struct conf_program *program = reader->conf->program;
	AUTO_BUF struct buf text = { 0 };
	const char *words[WORDS];
	char names[WORDS][32];
	size_t n = 0;

	if (free_name(program, section))
		return 0;
	for (size_t i = 0; i < program->n_items; i++) {
		const char *dot = strchr(program->items[i].key, '.');

		if (in_section(program->items[i].key, section))
			return 0;
		if (!dot || n == WORDS)
			continue;
		(void)snprintf(names[n], sizeof names[n], "%.*s",
			(int)(dot - program->items[i].key),
			program->items[i].key);
		add_word(words, &n, names[n]);
	}
	if (program->free_section && n < WORDS) {
		(void)snprintf(names[n], sizeof names[n], "%s NAME",
			program->free_section);
		add_word(words, &n, names[n]);
	}
	suggest(section, words, n, &text);
	return err_set(reader->err, -EINVAL, "%s:%d: unknown section [%s]%s",
		reader->conf->file, reader->line, section, buf_text(&text));
}

/* -------------------------------------------------------------------- keys */

static int
unknown_key(struct reader *reader, const char *section, const char *key)
{
	const struct conf_program *program = reader->conf->program;
	AUTO_BUF struct buf text = { 0 };
	const char *words[WORDS];
	size_t n = 0;

	if (!*section)
		return err_set(reader->err, -EINVAL,
			"%s:%d: key '%s' stands before the first [section]",
			reader->conf->file, reader->line, key);
	for (size_t i = 0; i < program->n_items; i++)
		if (in_section(program->items[i].key, section))
			add_word(words, &n,
				program->items[i].key + strlen(section) + 1);
	suggest(key, words, n, &text);
	return err_set(reader->err, -EINVAL,
		"%s:%d: unknown key '%s' in [%s]%s", reader->conf->file,
		reader->line, key, section, buf_text(&text));
}

static int
twice(struct reader *reader, const char *section, const char *key, int first)
{
	return err_set(reader->err, -EINVAL,
		"%s:%d: key '%s' of [%s] was set in line %d already",
		reader->conf->file, reader->line, key, section, first);
}

static int
take_free_key(struct reader *reader, const char *section, const char *key,
	const char *value)
{
	struct conf *conf = reader->conf;
	const char *name = free_name(conf->program, section);
	struct conf_free_key *all, *f;

	for (size_t i = 0; i < conf->n_free_keys; i++) {
		f = &conf->free_keys[i];
		if (strcmp(f->name, name) == 0 && strcmp(f->key, key) == 0)
			return twice(reader, section, key, f->line);
	}
	all = realloc(conf->free_keys, (conf->n_free_keys + 1) * sizeof *all);
	if (!all)
		return -ENOMEM;
	conf->free_keys = all;
	f = &all[conf->n_free_keys++];
	*f = (struct conf_free_key){ .name = strdup(name),
		.key = strdup(key),
		.value = strdup(value),
		.line = reader->line };
	if (asprintf(&f->where, "%s:%d", conf->file, reader->line) < 0)
		f->where = NULL;
	return f->name && f->key && f->value && f->where ? 0 : -ENOMEM;
}

static int
take_key(struct reader *reader, const char *section, const char *key,
	const char *value)
{
	struct conf *conf = reader->conf;
	AUTO_BUF struct buf where = { 0 };

	if (free_name(conf->program, section))
		return take_free_key(reader, section, key, value);
	for (size_t i = 0; i < conf->program->n_items; i++) {
		const char *known = conf->program->items[i].key;
		struct conf_slot *slot = &conf->slots[i];

		if (!in_section(known, section) ||
			strcmp(known + strlen(section) + 1, key) != 0)
			continue;
		if (slot->line)
			return twice(reader, section, key, slot->line);
		slot->line = reader->line;
		if (buf_printf(&where, "%s:%d: key '%s'", conf->file,
			    reader->line, key) < 0)
			return -ENOMEM;
		return conf_set(conf, i, CONF_FROM_FILE, value,
			buf_text(&where), reader->err);
	}
	return unknown_key(reader, section, key);
}

/* ------------------------------------------------------------------- lines */

/* inih's handler: 1 goes on, 0 is an error. */
static int
handle(void *arg, const char *section, const char *key, const char *value)
{
	struct reader *reader = arg;

	if (!reader->r)
		reader->r = take_key(reader, section, key, value);
	return reader->r == 0;
}

static void
check_line(struct reader *reader, const char *line, size_t len, size_t max)
{
	const char *end = memchr(line, ']', len);
	char section[256];

	if (len > max) {
		reader->r = err_set(reader->err, -EINVAL,
			"%s:%d: line is longer than %zu bytes",
			reader->conf->file, reader->line, max);
		return;
	}
	if (len && *line == '[' && end && end - line < (int)sizeof section) {
		(void)snprintf(section, sizeof section, "%.*s",
			(int)(end - line - 1), line + 1);
		reader->r = check_section(reader, section);
	}
}

/* inih's reader, in the manner of fgets. */
static char *
next_line(char *out, int size, void *arg)
{
	struct reader *reader = arg;
	const char *line = reader->rest + strspn(reader->rest, " \t\r");
	size_t len = strcspn(line, "\n");

	if (reader->r || !*reader->rest)
		return NULL;
	reader->rest = line + len + (line[len] == '\n');
	reader->line++;
	check_line(reader, line, len, (size_t)size - 3);
	if (reader->r)
		return NULL;
	memcpy(out, line, len);
	out[len] = '\n';
	out[len + 1] = 0;
	return out;
}

int
conf_read_file(struct conf *conf, struct err *err)
{
	/* non-blocking: a pipe at this place must not hold us up */
	AUTO_CLOSE int fd = fd_open(conf->file, O_RDONLY | O_NONBLOCK);
	AUTO_BUF struct buf text = { 0 };
	struct reader reader = { .conf = conf, .err = err };
	int r;

	if (fd == -ENOENT && !conf->file_must_exist) {
		free(TAKE(conf->file));
		return 0;
	}
	r = fd;
	if (fd >= 0) {
		r = conf_trust(fd, "settings file", conf->file, false, err);
		if (r < 0)
			return r;
		r = fd_read_all(fd, &text, FILE_MAX);
	}
	if (r < 0)
		return err_set(err, r, "cannot read settings from '%s': %s",
			conf->file, err_name(-r));
	if (strlen(buf_text(&text)) != text.len)
		return err_set(err, -EINVAL,
			"%s: contains NUL bytes; not a text file", conf->file);
	reader.rest = buf_text(&text);
	r = ini_parse_stream(next_line, &reader, handle, &reader);
	if (reader.r == -ENOMEM || r == -2)
		return err_set(err, -ENOMEM, "%s: out of memory", conf->file);
	/* r is the first line inih could not split or we did not like */
	if (r > 0 && (!reader.r || r < reader.line))
		return err_set(err, -EINVAL,
			"%s:%d: neither '[section]' nor 'key = value'",
			conf->file, r);
	return reader.r;
}
