/* verify.c - reading an audit log again: does every line fit the one before?
 *
 * One change should give one finding, at the line where it was made, so the
 * walk goes on from what it read. Whoever can write the file can also make a
 * whole new chain; against that only a copy of a number and its SHA-256
 * elsewhere helps, and the server's own log has one for each start. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "audit/internal.h"
#include "base/fd.h"
#include "base/utf8.h"

struct walk {
	FILE *out;
	const char *path; /* of the present file */
	size_t line;
	const char *before_path; /* where the line before it stands */
	size_t before_line;
	struct chain chain; /* of that line */
	bool begun; /* there was one */
	bool garbled; /* it was no event: what follows cannot fit */
	uint64_t from; /* where it may begin */
	uint64_t first, n;
	struct chain head; /* what PATH.head of the last file says */
	bool has_head;
	int findings;
};

/* What it says may quote the line, which anybody may have written. */
__attribute__((format(printf, 4, 5))) static void
find(struct walk *w, const char *path, size_t line, const char *fmt, ...)
{
	char text[sizeof(struct err) + 64];
	va_list ap;

	w->findings++;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	utf8_make_line(text);
	(void)fprintf(w->out, "%s:%zu: %s\n", path, line, text);
}

/* False: this line does not stand in the chain's order. */
static bool
check_seq(struct walk *w, const struct chain_line *said)
{
	uint64_t want = w->chain.seq + 1;

	if (said->seq == want || (w->garbled && said->seq == want + 1))
		return true;
	if (said->seq < want) {
		find(w, w->path, w->line,
			"event %" PRIu64 " where %" PRIu64
			" should be: put in, repeated or moved",
			said->seq, want);
		return false;
	}
	find(w, w->path, w->line,
		said->seq == want + 1 ? "event %" PRIu64 " is missing before it"
				      : "events %" PRIu64 " to %" PRIu64
					" are missing before it",
		want, said->seq - 1);
	w->garbled = true; /* its prev is that of a line we do not have */
	return true;
}

static void
check_prev(struct walk *w, const struct chain_line *said)
{
	if (w->garbled || strcmp(said->prev, w->chain.hash) == 0)
		return;
	find(w, w->before_path, w->before_line,
		"changed: event %" PRIu64
		" names another SHA-256 of the line before it",
		said->seq);
}

static void
check_first(struct walk *w, const struct chain_line *said)
{
	struct chain none;

	chain_init(&none);
	w->begun = true;
	w->first = said->seq;
	if (said->seq == 1 && strcmp(said->prev, none.hash) != 0)
		find(w, w->path, w->line,
			"event 1 names a line before it: changed");
	if (said->seq > w->from)
		find(w, w->path, w->line,
			"events %" PRIu64 " to %" PRIu64
			" are missing before it; --from %" PRIu64
			" if they were put away",
			w->from, said->seq - 1, said->seq);
}

static void
check_line(struct walk *w, const char *line, size_t len)
{
	struct chain_line said;
	struct err err;

	if (chain_parse(line, len, &said, &err) < 0) {
		find(w, w->path, w->line, "changed or put in: no event: %s",
			err.text);
		w->garbled = w->begun;
		return;
	}
	w->n++;
	if (!w->begun)
		check_first(w, &said);
	else if (check_seq(w, &said))
		check_prev(w, &said);
	else
		return;
	w->garbled = false;
	w->chain.seq = said.seq;
	chain_hash(line, len, w->chain.hash);
	w->before_path = w->path;
	w->before_line = w->line;
	if (w->has_head && said.seq == w->head.seq &&
		strcmp(w->chain.hash, w->head.hash) != 0)
		find(w, w->path, w->line,
			"changed: the .head file knows another SHA-256 of "
			"event %" PRIu64,
			said.seq);
}

/* The next line without its end; its length, or -1 at the end of the file.
 * *whole: it had an end. What is longer than an event may be is cut behind the
 * first byte that is too many. */
static ssize_t
read_line(FILE *in, char line[AUDIT_LINE + 1], bool *whole)
{
	size_t n = 0;
	int c;

	while ((c = getc_unlocked(in)) != EOF && c != '\n') {
		if (n <= AUDIT_LINE)
			line[n] = (char)c;
		n++;
	}
	*whole = c == '\n';
	if (n == 0 && c == EOF)
		return -1;
	return n <= AUDIT_LINE ? (ssize_t)n : AUDIT_LINE + 1;
}

static int
walk_file(struct walk *w, struct err *err)
{
	FILE *in = fopen(w->path, "re");
	char line[AUDIT_LINE + 1];
	ssize_t len;
	bool whole;
	int r = 0;

	if (!in)
		return err_set(err, -errno, "cannot read '%s': %s", w->path,
			err_name(errno));
	for (w->line = 1; (len = read_line(in, line, &whole)) >= 0; w->line++) {
		if (!whole)
			find(w, w->path, w->line,
				"torn: it has no end; the server mends it when "
				"it starts");
		else
			check_line(w, line, (size_t)len);
	}
	if (ferror(in))
		r = err_set(err, -EIO, "cannot read '%s'", w->path);
	(void)fclose(in); /* only read */
	return r;
}

static void
read_head(struct walk *w, const char *path)
{
	AUTO_BUF struct buf name = { 0 };
	AUTO_CLOSE int fd = -1;

	if (buf_printf(&name, "%s.head", path) == 0)
		fd = fd_open(buf_text(&name), O_RDONLY);
	w->has_head = fd >= 0 && chain_read(fd, &w->head) == 0;
}

static void
check_end(struct walk *w)
{
	if (!w->has_head || w->chain.seq >= w->head.seq)
		return;
	w->findings++;
	(void)fprintf(w->out,
		"%s: events %" PRIu64 " to %" PRIu64
		" are missing at its end, says '%s.head'\n",
		w->path, w->chain.seq + 1, w->head.seq, w->path);
}

int
audit_verify(char *const *paths, size_t n_paths, uint64_t from, FILE *out,
	struct err *err)
{
	struct walk w = { .out = out, .from = from };
	int r = 0;

	chain_init(&w.chain);
	/* Before the log: the server may be adding to both. */
	read_head(&w, paths[n_paths - 1]);
	for (size_t i = 0; i < n_paths && r == 0; i++) {
		w.path = paths[i];
		r = walk_file(&w, err);
	}
	if (r < 0)
		return r;
	check_end(&w);
	(void)fprintf(out,
		"%" PRIu64 " events, %" PRIu64 " to %" PRIu64
		", the last line's SHA-256 is %s%s\n",
		w.n, w.first, w.chain.seq, w.chain.hash,
		w.has_head
			? ""
			: "; without a .head file a missing end cannot be seen");
	return w.findings;
}
