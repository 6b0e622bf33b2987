/* fuzz-cli.c - what a server answers to the command `nodelink`
 *
 * The first byte says which verb asks ('a': the first of plays[]), the second
 * how it shows what it gets ('0', 1: JSON, 2: terminal, 4: colour); the rest are the answers, as in fake-http.h. Whatever they are, nothing of
 * them steers a terminal, what is shown is not far more than what came, and a
 * failure has a text that is neither of wrong usage nor of too little memory. */
#include <errno.h>
#include <locale.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/utf8.h"
#include "cli/cancel.h"
#include "cli/list.h"
#include "tests/fuzz/fake-http.h"

/* What a byte that came may become at the most: a short row of a table, each of
 * whose columns is as wide as one of another row makes it. */
enum { SHOWN_PER_BYTE = 512, SHOWN = 64 << 10, LIMIT = 3 };

extern const struct verb verb_agents, verb_drain, verb_plugins, verb_ps,
	verb_show, verb_token_create, verb_token_list, verb_token_revoke,
	verb_version;

/* As much of a list as was asked for, by no more requests than needed. */
static int
list(struct verb_call *call, struct err *err)
{
	AUTO(http_free) struct http *http = NULL;
	AUTO(json_decref) json_t *tasks = NULL;
	bool more;
	int r = http_new(&call->context, &http, err);

	if (r == 0)
		r = list_tasks(http, "/tasks", LIMIT, &tasks, &more, err);
	if (fake_http_asked() > LIMIT || json_array_size(tasks) > LIMIT)
		return -ERANGE;
	return r;
}

/* What was said of cancels: of one, or of several in a table. */
static int
receipts(struct verb_call *call, struct err *err)
{
	AUTO(http_free) struct http *http = NULL;
	struct http_answer answers[3] = { 0 };
	size_t n = call->n_words;
	int r = http_new(&call->context, &http, err);

	MUST(n <= ARRAY_SIZE(answers));
	for (size_t i = 0; i < n && r == 0; i++)
		r = http_get(http, &answers[i], err, "/tasks/a");
	if (r == 0)
		r = receipt_print(call, answers, n, NULL, err);
	for (size_t i = 0; i < n; i++)
		http_answer_done(&answers[i]);
	return r;
}

static const struct conf_item receipt_items[] = {
	{ .key = "quiet", .flag = "quiet", .type = CONF_BOOL }
};
static const struct verb verb_list = { .name = "list", .run = list };
static const struct verb verb_receipts = { .name = "receipts",
	.words = "ID...",
	.items = receipt_items,
	.n_items = 1,
	.run = receipts };

enum { ARGS = 5 };

static struct play {
	const struct verb *verb;
	const char *args[ARGS];
	char *argv[ARGS + 2];
	struct conf_item *items;
	struct conf_program program;
	struct conf *conf; /* made when it is played first */
} plays[] = {
	{ .verb = &verb_agents },
	{ .verb = &verb_agents, .args = { "web1" } },
	{ .verb = &verb_ps },
	{ .verb = &verb_ps, .args = { "--all", "--limit", "0" } },
	{ .verb = &verb_ps, .args = { "--quiet" } },
	{ .verb = &verb_show, .args = { "a" } },
	{ .verb = &verb_plugins },
	{ .verb = &verb_plugins, .args = { "web1" } },
	{ .verb = &verb_token_list },
	{ .verb = &verb_token_create,
		.args = { "--client", "a", "--role", "viewer" } },
	{ .verb = &verb_token_revoke, .args = { "abcdefgh" } },
	{ .verb = &verb_version },
	{ .verb = &verb_drain, .args = { "web1" } },
	{ .verb = &verb_drain, .args = { "--undo", "web1" } },
	{ .verb = &verb_list },
	{ .verb = &verb_receipts, .args = { "a" } },
	{ .verb = &verb_receipts, .args = { "a", "b", "c" } },
};

static void
prepare(struct play *p)
{
	struct err err = { "" };
	int n = 1;

	if (p->conf)
		return;
	p->argv[0] = (char *)(uintptr_t)p->verb->name;
	while (n <= ARGS && p->args[n - 1]) {
		p->argv[n] = (char *)(uintptr_t)p->args[n - 1];
		n++;
	}
	p->program = (struct conf_program){
		.name = p->verb->name, .summary = "", .words = p->verb->words
	};
	p->items = verb_items(p->verb, &p->program.n_items);
	p->program.items = p->items;
	if (conf_new(&p->program, n, p->argv, &p->conf, &err) != 0)
		(void)fprintf(stderr, "%s: %s\n", p->verb->name, err.text);
	MUST(p->conf);
}

/* ------------------------------------------------------------------- streams */

struct stream {
	int fd, kept, file; /* the descriptor, what it was, what stands there */
};

/* Reports of a sanitizer go where they went before. */
void __sanitizer_set_report_fd(void *) __attribute__((weak));

static void
divert(struct stream *s, int fd)
{
	s->fd = fd;
	if (!s->file) {
		s->file = memfd_create("fuzz", MFD_CLOEXEC);
		s->kept = dup(fd);
		MUST(s->file > 0 && s->kept >= 0);
		if (fd == STDERR_FILENO && __sanitizer_set_report_fd)
			__sanitizer_set_report_fd((void *)(intptr_t)s->kept);
	}
	MUST(ftruncate(s->file, 0) == 0 && lseek(s->file, 0, SEEK_SET) == 0);
	MUST(dup2(s->file, fd) == fd);
}

static void
release(struct stream *s, struct buf *out)
{
	MUST(dup2(s->kept, s->fd) == s->fd);
	MUST(lseek(s->file, 0, SEEK_SET) == 0);
	MUST(fd_read_all(s->file, out, SIZE_MAX / 2) == 0);
}

/* ------------------------------------------------------------------ checking */

/* Our own colours are taken out; whoever says so himself is no colour, since
 * ESC is shown. */
static void
drop_colors(struct buf *b)
{
	char *to = (char *)b->data;

	for (const char *p = buf_text(b); *p;) {
		size_t n = *p == '\x1b' && p[1] == '['
				   ? 2 + strspn(p + 2, "0123456789")
				   : 0;

		if (n && p[n] == 'm') {
			p += n + 1;
			continue;
		}
		*to++ = *p++;
	}
	b->len = to ? (size_t)(to - (char *)b->data) : 0;
}

static void
check_screen(struct buf *b, bool color)
{
	static const char *const turns[] = { "\xe2\x80\x8e", "\xe2\x80\x8f",
		"\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaa", "\xe2\x80\xab",
		"\xe2\x80\xac", "\xe2\x80\xad", "\xe2\x80\xae", "\xe2\x81\xa6",
		"\xe2\x81\xa7", "\xe2\x81\xa8", "\xe2\x81\xa9" };

	MUST(!b->len || !memchr(b->data, 0, b->len));
	if (color)
		drop_colors(b);
	must_be_plain(buf_text(b), b->len);
	for (size_t i = 0; i < ARRAY_SIZE(turns); i++)
		MUST(!strstr(buf_text(b), turns[i]));
}

static void
check_result(int r, const struct err *err, const struct buf *said)
{
	if (r == -EINVAL || r == -ENOMEM || r == -ERANGE)
		(void)fprintf(stderr, "%d: %s\n", r, err->text);
	MUST(r != -EINVAL && r != -ENOMEM && r != -ERANGE);
	MUST(r >= 0 || *err->text || said->len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct stream streams[2];
	static char server[] = "http://127.0.0.1:8080";
	AUTO_BUF struct buf out = { 0 };
	AUTO_BUF struct buf said = { 0 };
	struct input in = { data, len };
	uint8_t which = (uint8_t)(input_byte(&in) - 'a');
	struct play *play = &plays[which % ARRAY_SIZE(plays)];
	unsigned look = input_byte(&in);
	struct verb_call call = { .verb = play->verb, .json = look & 1 };
	struct err err = { "" };
	int r;

	(void)setlocale(LC_CTYPE, "C.UTF-8"); /* or it stays "C" */
	prepare(play);
	(void)input_byte(&in); /* the end of the line */
	fake_http_load(in);
	call.conf = play->conf;
	call.n_words = conf_words(play->conf, &call.words);
	call.context.server = server;
	call.out = (struct term){ STDOUT_FILENO, look & 2, look & 4, false };
	call.err = (struct term){ STDERR_FILENO, false, false, false };
	(void)fflush(NULL);
	divert(&streams[0], STDOUT_FILENO);
	divert(&streams[1], STDERR_FILENO);
	r = play->verb->run(&call, &err);
	if (r < 0 && *err.text)
		say("%s", err.text); /* as main.c does */
	(void)fflush(NULL);
	release(&streams[0], &out);
	release(&streams[1], &said);
	check_result(r, &err, &said);
	MUST(out.len + said.len <= SHOWN + len * SHOWN_PER_BYTE);
	check_screen(&said, false);
	if (!call.json)
		check_screen(&out, look & 4);
	else if (out.len && r == 0)
		MUST(utf8_valid(out.data, out.len));
	return 0;
}
