/* nodelink-defer - a running task says what is to be run after its end
 *
 * Appends one line to $NODELINK_DEFER_FILE, in one write, so that two processes
 * of a task do not mix theirs. The executor reads the file when the task has
 * ended, and gives each line to /bin/sh (agent/executor/defers.c).
 *
 * Exit status: 0 it will be run, 1 it will not, 2 wrong usage. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/limits.h"

#define NAME "nodelink-defer"
#define VARIABLE "NODELINK_DEFER_FILE"
/* What a shell takes literally. */
#define PLAIN \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" \
	"_-./:,+@%"

enum { WRONG_USAGE = 2 };

static const char usage[] =
	"usage: " NAME " COMMAND-LINE\n"
	"       " NAME " PROGRAM ARGUMENT...\n"
	"\n"
	"Run a command when this task of nodelink has ended, however it ends;\n"
	"the last one registered runs first.\n"
	"\n"
	"  -h, --help     show this help\n"
	"  -V, --version  show the version\n";

static int
add_quoted(struct buf *line, const char *text)
{
	int r = buf_add(line, "'", 1);

	for (; *text && r == 0; text++)
		r = *text == '\'' ? buf_add_text(line, "'\\''")
				  : buf_add(line, text, 1);
	return r < 0 ? r : buf_add(line, "'", 1);
}

static int
add_word(struct buf *line, const char *word)
{
	if (*word && strspn(word, PLAIN) == strlen(word))
		return buf_add_text(line, word);
	return add_quoted(line, word);
}

/* A line cannot hold a newline: printf in the shell that runs it makes one. */
static int
fold_newlines(struct buf *line)
{
	AUTO_BUF struct buf escaped = { 0 };
	int r = 0;

	if (!strchr(buf_text(line), '\n'))
		return 0;
	for (const char *at = buf_text(line); *at && r == 0; at++)
		r = *at == '\n'	  ? buf_add_text(&escaped, "\\n")
		    : *at == '\\' ? buf_add_text(&escaped, "\\\\")
				  : buf_add(&escaped, at, 1);
	buf_clear(line);
	if (r == 0)
		r = buf_add_text(line, "eval \"$(printf %b ");
	if (r == 0)
		r = add_quoted(line, buf_text(&escaped));
	return r < 0 ? r : buf_add_text(line, ")\"");
}

/* One argument is a command line as it is, several are its words. The first of
 * them is quoted always: it might be a word of the shell's own. */
static int
make_line(int n, char **words, struct buf *line)
{
	int r = n == 1 ? buf_add_text(line, words[0])
		       : add_quoted(line, words[0]);

	for (int i = 1; i < n && r == 0; i++) {
		r = buf_add(line, " ", 1);
		if (r == 0)
			r = add_word(line, words[i]);
	}
	return r < 0 ? r : fold_newlines(line);
}

static int
append(const char *path, const struct buf *line)
{
	AUTO_CLOSE int fd = fd_open(path, O_WRONLY | O_APPEND | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = write(fd, line->data, line->len);
	if (n < 0)
		return -errno;
	return (size_t)n == line->len ? 0 : -ENOSPC;
}

static int
defer(int n, char **words)
{
	const char *path = getenv(VARIABLE);
	AUTO_BUF struct buf line = { 0 };
	int r;

	if (!path || !*path) {
		(void)fputs(NAME ": " VARIABLE
				 " is not set: this is no task of nodelink\n",
			stderr);
		return EXIT_FAILURE;
	}
	r = make_line(n, words, &line);
	if (r == 0 && line.len > LIMIT_HOOK_CMD) {
		(void)fprintf(stderr,
			NAME ": the command is longer than %d bytes\n",
			LIMIT_HOOK_CMD);
		return EXIT_FAILURE;
	}
	if (r == 0)
		r = buf_add(&line, "\n", 1);
	if (r == 0)
		r = append(path, &line);
	if (r < 0)
		(void)fprintf(stderr, NAME ": cannot write to '%s': %s\n", path,
			err_name(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static bool
is(const char *arg, const char *brief, const char *full)
{
	return strcmp(arg, brief) == 0 || strcmp(arg, full) == 0;
}

int
main(int argc, char **argv)
{
	int first = 1;

	if (fd_hold_standard(argv) < 0)
		return EXIT_FAILURE; /* where to say it? */
	if (argc > 1 && is(argv[1], "-h", "--help"))
		return fputs(usage, stdout) < 0;
	if (argc > 1 && is(argv[1], "-V", "--version"))
		return printf(NAME " " PACKAGE_VERSION "\n") < 0;
	if (argc > 1 && strcmp(argv[1], "--") == 0)
		first++;
	if (first >= argc || !*argv[first]) {
		(void)fputs(usage, stderr);
		return WRONG_USAGE;
	}
	return defer(argc - first, argv + first);
}
