/* fuzz-audit.c - an audit log that somebody may have written to
 *
 * The first line has the event from which on the log has to be there and, after
 * a space, PATH.head; nothing: there is none. The rest are the files of the
 * log, "==" between two of them. "$PREV" is the SHA-256 of the line before, so
 * that an input can be a whole log. One that is found to be whole must be so,
 * the server goes on with it, and no change of it stays unseen. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/internal.h"
#include "base/buf.h"
#include "base/fd.h"
#include "tests/fuzz/fuzz.h"

enum { FILES = 3, CHANGES = 6 };

struct log {
	struct buf files[FILES], head;
	struct chain known; /* what the head says; 0: nothing */
	size_t n;
	uint64_t from;
};

static char dir[] = "/tmp/fuzz-audit-XXXXXX";
static char paths[FILES][64], heads[FILES][64];

static void
drop_dir(void)
{
	for (size_t i = 0; i < FILES; i++) {
		(void)unlink(paths[i]);
		(void)unlink(heads[i]);
	}
	(void)rmdir(dir);
}

static void
make_dir(void)
{
	if (*paths[0])
		return;
	MUST(mkdtemp(dir));
	(void)atexit(drop_dir);
	for (size_t i = 0; i < FILES; i++) {
		(void)snprintf(paths[i], sizeof *paths, "%s/%zu", dir, i);
		(void)snprintf(heads[i], sizeof *heads, "%s/%zu.head", dir, i);
	}
}

/* ----------------------------------------------------------- making the log */

static struct input
line_of(struct input *in, bool *whole)
{
	const uint8_t *end = in->len ? memchr(in->data, '\n', in->len) : NULL;
	struct input line =
		input_piece(in, end ? (size_t)(end - in->data) : in->len);

	*whole = end != NULL;
	(void)input_byte(in);
	return line;
}

/* The line with the first "$PREV" replaced. */
static void
add_line(struct buf *out, struct input line, const char *prev)
{
	static const char name[] = "$PREV";
	const uint8_t *at =
		line.len ? memmem(line.data, line.len, name, sizeof name - 1)
			 : NULL;
	struct input front;

	if (at) {
		front = input_piece(&line, (size_t)(at - line.data));
		MUST(buf_add(out, front.data, front.len) == 0);
		MUST(buf_add_text(out, prev) == 0);
		(void)input_piece(&line, sizeof name - 1);
	}
	MUST(buf_add(out, line.data, line.len) == 0);
}

static void
read_log(struct input in, struct log *log)
{
	bool whole;
	struct input first = line_of(&in, &whole);
	struct chain chain;

	chain_init(&chain);
	for (log->from = 0; first.len && *first.data != ' ';)
		log->from = log->from * 10 + input_digit(&first);
	log->from = log->from % INT64_MAX + !log->from;
	(void)input_byte(&first);
	log->n = 1;
	while (in.len) {
		struct buf *file = &log->files[log->n - 1];
		struct input line = line_of(&in, &whole);
		size_t begin = file->len;

		if (line.len == 2 && memcmp(line.data, "==", 2) == 0 &&
			log->n < FILES) {
			log->n++;
			continue;
		}
		add_line(file, line, chain.hash);
		chain_hash(file->data + begin, file->len - begin, chain.hash);
		if (whole)
			MUST(buf_add(file, "\n", 1) == 0);
	}
	if (!first.len)
		return;
	add_line(&log->head, first, chain.hash);
	MUST(buf_add(&log->head, "\n", 1) == 0);
}

static void
log_done(struct log *log)
{
	for (size_t i = 0; i < FILES; i++)
		buf_done(&log->files[i]);
	buf_done(&log->head);
}

static void
store(const char *path, const struct buf *b)
{
	AUTO_CLOSE int fd = fd_open(path, O_WRONLY | O_CREAT | O_TRUNC);

	MUST(fd >= 0);
	MUST(fd_write_all(fd, b->data, b->len) == 0);
}

/* ---------------------------------------------------------------- verifying */

/* The number of findings, each in a line of its own, and one at the end. */
static int
verify(const struct log *log)
{
	char *const files[] = { paths[0], paths[1], paths[2] };
	const char *head = heads[log->n - 1];
	struct err err = { "" };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int r, lines = 0;

	MUST(out);
	for (size_t i = 0; i < log->n; i++)
		store(paths[i], &log->files[i]);
	if (log->head.len)
		store(head, &log->head);
	else
		MUST(unlink(head) == 0 || errno == ENOENT);
	r = audit_verify(files, log->n, log->from, out, &err);
	(void)fclose(out);
	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	MUST(r >= 0 && lines == r + 1 && text[len - 1] == '\n');
	must_be_plain(text, len);
	free(text);
	return r;
}

/* By another way than verify.c: all bytes belong to lines that are bound to
 * each other. Where the chain ends. */
static void
check_whole(const struct log *log, struct chain *end)
{
	bool begun = false;

	chain_init(end);
	for (size_t i = 0; i < log->n; i++) {
		struct input in = { log->files[i].data, log->files[i].len };

		while (in.len) {
			bool whole;
			struct input line = line_of(&in, &whole);
			struct chain_line said;
			struct err err;

			MUST(whole && line.len <= AUDIT_LINE);
			MUST(chain_parse((const char *)line.data, line.len,
				     &said, &err) == 0);
			MUST(!begun || said.seq == end->seq + 1);
			MUST(!begun || memmem(line.data, line.len, end->hash,
					       CHAIN_HASH - 1));
			begun = true;
			end->seq = said.seq;
			chain_hash(line.data, line.len, end->hash);
		}
	}
}

/* ------------------------------------------------------------- tampering */

static void
change(struct buf *file, size_t at, unsigned how)
{
	uint8_t *p = file->data + at;
	size_t behind = file->len - at - 1;

	switch (how % 4) {
	case 0: *p ^= 1; break;
	case 1: *p = *p == '\n' ? ' ' : '\n'; break;
	case 2: *p = (uint8_t)(*p + 128); break;
	case 3:
		memmove(p, p + 1, behind);
		file->len--;
		break;
	}
}

/* With the number and SHA-256 of its last line kept elsewhere. */
static void
check_changes(const struct log *log, const uint8_t *data, size_t len)
{
	uint32_t seed = 2166136261u;

	for (size_t i = 0; i < len; i++)
		seed = (seed ^ data[i]) * 16777619u;
	for (unsigned i = 0; i < CHANGES; i++) {
		size_t which = seed % log->n;
		struct buf file = { 0 };
		struct log other = *log;

		seed = seed * 1664525u + 1013904223u;
		if (!log->files[which].len)
			continue;
		MUST(buf_add(&file, log->files[which].data,
			     log->files[which].len) == 0);
		change(&file, (seed >> 8) % file.len, i);
		other.files[which] = file;
		if (verify(&other) == 0)
			(void)fprintf(stderr, "unseen: %.*s\n", (int)file.len,
				(const char *)file.data);
		MUST(verify(&other) > 0);
		buf_done(&file);
	}
}

/* --------------------------------------------------------------- going on */

/* What the server writes behind the end that it has found reads the same. */
static bool
next_line(const struct chain *end, struct buf *line)
{
	const struct audit_event event = { .action = "audit.open",
		.reason = "\x1b[2J\xff" };
	struct chain_line said;
	struct err err = { "" };
	int r = line_make(&event, end, 0, 0, line);

	MUST(r == 0 || (r == -EOVERFLOW && end->seq >= INT64_MAX));
	if (r < 0)
		return false;
	MUST(chain_parse(buf_text(line), line->len, &said, &err) == 0);
	MUST(said.seq == end->seq + 1 && strcmp(said.prev, end->hash) == 0);
	return true;
}

/* -EBADMSG, or what the server goes on behind. */
static int
check_tail(struct log *log, struct chain *end)
{
	const struct buf *file = &log->files[log->n - 1];
	AUTO_CLOSE int fd = fd_open(paths[log->n - 1], O_RDONLY);
	AUTO_CLOSE int head = fd_open(heads[log->n - 1], O_RDWR | O_CREAT);
	AUTO_BUF struct buf line = { 0 };
	struct err err = { "" }, why = { "" };
	struct chain last, same;
	size_t torn = 0;
	int r = tail_read(fd, &last, &torn, &err);

	MUST(r == 0 || (r == -EBADMSG && *err.text));
	chain_init(&log->known);
	if (chain_read(head, &log->known) == 0) {
		MUST(chain_write(head, &log->known) == 0);
		MUST(chain_read(head, &same) == 0);
		MUST(same.seq == log->known.seq &&
			strcmp(same.hash, log->known.hash) == 0);
		MUST(lseek(head, 0, SEEK_END) == (off_t)log->head.len);
	}
	if (r < 0)
		return r;
	MUST(torn <= file->len);
	MUST(torn == file->len || file->data[file->len - torn - 1] == '\n');
	tail_end(paths[log->n - 1], head, &last, end, &why);
	MUST(end->seq >= last.seq);
	(void)next_line(end, &line);
	return 0;
}

static void
go_on(struct log *log, const struct chain *end)
{
	AUTO_BUF struct buf line = { 0 };

	if (!next_line(end, &line))
		return;
	MUST(buf_add(&line, "\n", 1) == 0);
	MUST(buf_add(&log->files[log->n - 1], line.data, line.len) == 0);
	MUST(verify(log) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct log log = { .from = 1 };
	struct chain end, tail;
	int findings, r;

	make_dir();
	read_log((struct input){ data, len }, &log);
	findings = verify(&log);
	r = check_tail(&log, &tail);
	if (findings == 0) {
		check_whole(&log, &end);
		MUST(r == 0);
		if (log.files[log.n - 1].len)
			MUST(tail.seq == end.seq &&
				strcmp(tail.hash, end.hash) == 0);
		if (end.seq && log.known.seq == end.seq)
			check_changes(&log, data, len);
		if (tail.seq == end.seq && end.seq)
			go_on(&log, &end);
	}
	log_done(&log);
	return 0;
}
