/* clock.c - time, in milliseconds; tests can set the monotonic one */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t fake_ms = -1;

static int64_t
read_us(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts); /* cannot fail with these ids */
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
clock_ms(void)
{
	return fake_ms >= 0 ? fake_ms : read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t
clock_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t
clock_wall_ms(void)
{
	return read_us(CLOCK_REALTIME) / 1000;
}

const char *
clock_text(int64_t wall_ms, char out[CLOCK_TEXT])
{
	time_t s = (time_t)(wall_ms / 1000);
	struct tm tm;

	if (!gmtime_r(&s, &tm))
		tm = (struct tm){ .tm_mday = 1, .tm_year = 70 };
	/* The masks only tell the compiler what gmtime_r promises. */
	(void)snprintf(out, CLOCK_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
		(unsigned)(tm.tm_year + 1900) % 10000u,
		(unsigned)(tm.tm_mon + 1) % 100u, (unsigned)tm.tm_mday % 100u,
		(unsigned)tm.tm_hour % 100u, (unsigned)tm.tm_min % 100u,
		(unsigned)tm.tm_sec % 100u, (unsigned)(wall_ms % 1000) % 1000u);
	return out;
}

void
clock_set(int64_t ms)
{
	fake_ms = ms;
}
