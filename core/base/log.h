/* log.h - one line per event on stderr, for journald or a person
 *
 * Programs log; libraries in core/ return errors and log at most at debug.
 * Lines are written with one write(2), so threads do not mix theirs. */
#ifndef NODELINK_BASE_LOG_H
#define NODELINK_BASE_LOG_H

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/* Name shown in each line; text must live for ever. Default: "nodelink". */
void log_open(const char *program);

/* Lines above this level are not written. Default: info. */
void log_set_level(enum log_level level);

/* "error", "warn", "info" or "debug". Returns 0 or -EINVAL. */
int log_parse_level(const char *text, enum log_level *out);

/* r is 0 or -errno; when negative its text is appended. */
void log_write(enum log_level level, int r, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define log_error(r, ...) log_write(LOG_LEVEL_ERROR, (r), __VA_ARGS__)
#define log_warn(r, ...) log_write(LOG_LEVEL_WARN, (r), __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, 0, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, 0, __VA_ARGS__)

#endif
