/* term.c - what can be shown on a stream */
#include "cli/term.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/utf8.h"

enum { WIDTH = 80, WIDTH_MIN = 20, HEIGHT = 24 };

static bool
is_capable(void)
{
	const char *name = getenv("TERM");

	return name && *name && strcmp(name, "dumb") != 0;
}

int
term_init(struct term *term, int fd, const char *when, struct err *err)
{
	const char *no = getenv("NO_COLOR"); /* no-color.org */

	*term = (struct term){ .fd = fd, .is_tty = isatty(fd) == 1 };
	term->live = term->is_tty && is_capable();
	if (strcmp(when, "auto") == 0)
		term->color = term->live && !(no && *no);
	else if (strcmp(when, "always") == 0)
		term->color = true;
	else if (strcmp(when, "never") != 0)
		return err_set(err, -EINVAL,
			"--color: '%.64s' is not auto, always or never", when);
	return 0;
}

unsigned
term_width(const struct term *term)
{
	struct winsize size = { 0 };

	if (ioctl(term->fd, TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return WIDTH;
	return size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col;
}

unsigned
term_height(const struct term *term)
{
	struct winsize size = { 0 };

	if (ioctl(term->fd, TIOCGWINSZ, &size) < 0 || !size.ws_row)
		return HEIGHT;
	return size.ws_row;
}

const char *
term_style(const struct term *term, enum term_style style)
{
	static const char *const sequences[] = {
		[TERM_PLAIN] = "\x1b[0m",
		[TERM_BOLD] = "\x1b[1m",
		[TERM_DIM] = "\x1b[2m",
		[TERM_RED] = "\x1b[31m",
		[TERM_GREEN] = "\x1b[32m",
		[TERM_YELLOW] = "\x1b[33m",
		[TERM_CYAN] = "\x1b[36m",
	};

	return term->color ? sequences[style] : "";
}

const char *
term_erase(const struct term *term)
{
	return term->live ? "\r\x1b[K" : "";
}

/* A control character, also one of Latin-1 in UTF-8; and those that end a line
 * or turn the direction of what follows, so that a text looks like another:
 * U+200E, U+200F, U+2028-202E, U+2066-2069. */
static bool
is_control(const uint8_t *p, int len)
{
	if (len == 3 && p[0] == 0xe2 && p[1] == 0x80)
		return p[2] == 0x8e || p[2] == 0x8f ||
		       (p[2] >= 0xa8 && p[2] <= 0xae);
	if (len == 3 && p[0] == 0xe2 && p[1] == 0x81)
		return p[2] >= 0xa6 && p[2] <= 0xa9;
	return (len == 1 && (*p < 0x20 || *p == 0x7f)) ||
	       (len == 2 && p[0] == 0xc2 && p[1] < 0xa0);
}

int
term_safe(struct buf *out, const char *text)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t left = strlen(text);
	int r = 0;

	while (r == 0 && left) {
		int n = utf8_next(p, left);
		bool plain = n > 0 && !is_control(p, n);

		n = n > 0 ? n : 1;
		if (plain)
			r = buf_add(out, p, (size_t)n);
		else if (*p == '\n' || *p == '\t' || *p == '\r')
			r = buf_printf(out, "\\%c",
				*p == '\n'   ? 'n'
				: *p == '\t' ? 't'
					     : 'r');
		else
			for (int i = 0; r == 0 && i < n; i++)
				r = buf_printf(out, "\\x%02x", p[i]);
		p += n;
		left -= (size_t)n;
	}
	return r;
}
