/* when.h - times and durations, as the server writes them and as people say
 * them */
#ifndef NODELINK_CLI_WHEN_H
#define NODELINK_CLI_WHEN_H

#include <stdint.h>

enum { WHEN_TEXT = 32 };

/* "2026-11-22T17:08:03.123Z" to wall ms, the fraction may be absent. 0 or
 * -EINVAL. */
int when_parse(const char *text, int64_t *out_ms);

/* The same as a person may write it: any fraction, "Z" or an offset ("+01:00").
 * 0 or -EINVAL. */
int when_rfc3339(const char *text, int64_t *out_ms);

/* One unit, as much as a column needs: "now", "12s", "5m", "3h", "8d". What
 * lies ahead, by a clock that differs, is "now" too. */
const char *when_age(int64_t ms, char out[WHEN_TEXT]);

/* Two units: "0 ms", "850 ms", "1.2 s", "59 s", "2m 5s", "3h 12m", "8d 4h". */
const char *when_span(int64_t ms, char out[WHEN_TEXT]);

#endif
