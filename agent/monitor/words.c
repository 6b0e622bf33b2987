/* words.c - what a child says on stderr */
#include "monitor/words.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

static void
pass(struct words *w, size_t end)
{
	if (end > w->passed) /* where stderr is gone, nobody can be told */
		(void)fd_write_all(
			STDERR_FILENO, w->text + w->passed, end - w->passed);
	w->passed = end;
}

/* Several children share our stderr: lines must stay whole. */
static void
pass_lines(struct words *w)
{
	const char *newline =
		memrchr(w->text + w->passed, '\n', w->len - w->passed);

	if (newline)
		pass(w, (size_t)(newline + 1 - w->text));
	if (w->len - w->passed >= WORDS_KEPT)
		pass(w, w->len);
}

static void
forget_old(struct words *w)
{
	size_t drop = w->len > WORDS_KEPT ? w->len - WORDS_KEPT : 0;

	if (drop > w->passed)
		drop = w->passed;
	memmove(w->text, w->text + drop, w->len - drop);
	w->len -= drop;
	w->passed -= drop;
}

bool
words_read(struct words *w, int fd, bool *ended)
{
	ssize_t n = read(fd, w->text + w->len, WORDS_READ);

	*ended = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
	if (n <= 0)
		return false;
	w->len += (size_t)n;
	pass_lines(w);
	forget_old(w);
	return true;
}

void
words_finish(struct words *w)
{
	if (w->len == w->passed)
		return;
	if (w->len < sizeof w->text && w->text[w->len - 1] != '\n')
		w->text[w->len++] = '\n';
	pass(w, w->len);
}

const char *
words_last(struct words *w, int n)
{
	char *start, *p;

	while (w->len && w->text[w->len - 1] == '\n')
		w->len--;
	w->text[w->len] = 0;
	start = w->text + w->len;
	while (start > w->text && (start[-1] != '\n' || --n > 0))
		start--;
	for (p = start; *p; p++)
		if (*p == '\n')
			*p = '|';
	return start;
}
