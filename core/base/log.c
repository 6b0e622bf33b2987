/* log.c - one line per event on stderr, for journald or a person */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/err.h"

enum { LINE_MAX_LEN = 2048 };

static const char *const names[] = { "error", "warn", "info", "debug" };
static const int syslog_priority[] = { 3, 4, 6, 7 };

/* Process-wide by nature; set once at start, before threads. */
static const char *log_program = "nodelink";
static atomic_int log_level = LOG_LEVEL_INFO;
static bool log_to_journal;

void
log_open(const char *program)
{
	log_program = program;
	/* journald sets this for stderr; it adds time and name itself. */
	log_to_journal = getenv("JOURNAL_STREAM") != NULL;
}

void
log_set_level(enum log_level level)
{
	log_level = (int)level;
}

int
log_parse_level(const char *text, enum log_level *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(text, names[i]) == 0) {
			*out = (enum log_level)i;
			return 0;
		}
	return -EINVAL;
}

/* A log line is one line: control characters from outside must not forge
 * another. */
static void
make_printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = ' ';
}

void
log_write(enum log_level level, int r, const char *fmt, ...)
{
	int saved_errno = errno;
	char line[LINE_MAX_LEN], text[LINE_MAX_LEN - 256], now[CLOCK_TEXT];
	va_list ap;
	int n;

	if ((int)level > log_level)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	make_printable(text);
	if (log_to_journal)
		n = snprintf(line, sizeof line, "<%d>", syslog_priority[level]);
	else
		n = snprintf(line, sizeof line,
			"%s %s[%d] %s: ", clock_text(clock_wall_ms(), now),
			log_program, (int)getpid(), names[level]);
	n += snprintf(line + n, sizeof line - (size_t)n, "%s%s%s\n", text,
		r < 0 ? ": " : "", r < 0 ? err_name(-r) : "");
	if (write(STDERR_FILENO, line, (size_t)n) < 0) {
		/* There is nowhere left to say so. */
	}
	errno = saved_errno;
}
