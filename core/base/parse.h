/* parse.h - text to values, strictly: all of the text or -EINVAL
 *
 * Results: 0, -EINVAL (not such a value), -ERANGE (outside min..max).
 * *out is written only on success. */
#ifndef NODELINK_BASE_PARSE_H
#define NODELINK_BASE_PARSE_H

#include <stdbool.h>
#include <stdint.h>

int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out);
int parse_i64(const char *text, int64_t min, int64_t max, int64_t *out);

/* "1500ms", "10s", "2m", "1h", "7d"; a bare number is seconds; fractions
 * as in "0.5s" are fine. */
int parse_duration_ms(const char *text, int64_t *out);

/* "4096", "64k", "16M", "1G" (powers of 1024). */
int parse_size(const char *text, uint64_t *out);

/* yes/no, true/false, on/off, 1/0. */
int parse_bool(const char *text, bool *out);

/* "TERM", "SIGTERM" or "15". */
int parse_signal(const char *text, int *out);

/* "SIGTERM" for 15; "SIG99" style for the unknown. Static memory. */
const char *signal_name(int signo);

/* "host:port", "[v6]:port" or ":port". Pieces are copied; 0 or -EINVAL. */
int parse_address(const char *text, char host[256], uint16_t *port);
/* A literal address of this host that no other can reach, or "localhost". */
bool parse_is_loopback(const char *host);

#endif
