/* when.c - times and durations, as the server writes them and as people say
 * them */
#include "cli/when.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/auto.h"

enum {
	SECOND = 1000,
	MINUTE = 60 * SECOND,
	HOUR = 60 * MINUTE,
	DAY = 24 * HOUR,
};

/* Digits and what stands between them; *out gets the number. */
static bool
take_number(const char **p, int digits, char end, int *out)
{
	int n = 0;

	for (int i = 0; i < digits; i++) {
		if (**p < '0' || **p > '9')
			return false;
		n = n * 10 + (*(*p)++ - '0');
	}
	if (end && *(*p)++ != end)
		return false;
	*out = n;
	return true;
}

/* "2026-11-22T17:08:03" to ms; what stands behind it is left. */
static bool
take_date(const char **p, int64_t *out_ms)
{
	struct tm tm = { 0 };
	int year, month;

	if (!take_number(p, 4, '-', &year) || !take_number(p, 2, '-', &month) ||
		!take_number(p, 2, 'T', &tm.tm_mday) ||
		!take_number(p, 2, ':', &tm.tm_hour) ||
		!take_number(p, 2, ':', &tm.tm_min) ||
		!take_number(p, 2, 0, &tm.tm_sec) || year < 1970 || month < 1 ||
		month > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 ||
		tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return false;
	tm.tm_mon = month - 1;
	tm.tm_year = year - 1900;
	*out_ms = (int64_t)timegm(&tm) * SECOND;
	return true;
}

int
when_parse(const char *text, int64_t *out_ms)
{
	const char *p = text;
	int64_t whole_ms;
	int ms = 0;
	bool good = take_date(&p, &whole_ms);

	if (good && *p == '.') {
		p++;
		good = take_number(&p, 3, 0, &ms);
	}
	if (!good || strcmp(p, "Z") != 0)
		return -EINVAL;
	*out_ms = whole_ms + ms;
	return 0;
}

/* "Z", "+01:00", and the end. */
static bool
take_offset(const char *p, int64_t *out_ms)
{
	int hours, minutes, sign = *p == '-' ? -1 : 1;

	*out_ms = 0;
	if (strcmp(p, "Z") == 0 || strcmp(p, "z") == 0)
		return true;
	if (*p != '+' && *p != '-')
		return false;
	p++;
	if (!take_number(&p, 2, ':', &hours) ||
		!take_number(&p, 2, 0, &minutes) || *p || hours > 23 ||
		minutes > 59)
		return false;
	*out_ms = sign * ((int64_t)hours * HOUR + (int64_t)minutes * MINUTE);
	return true;
}

int
when_rfc3339(const char *text, int64_t *out_ms)
{
	const char *p = text;
	int64_t whole_ms, offset_ms;
	int digit, unit = 100, ms = 0;

	if (!take_date(&p, &whole_ms))
		return -EINVAL;
	if (*p == '.') {
		p++;
		if (!take_number(&p, 1, 0, &digit))
			return -EINVAL;
		do {
			ms += digit * unit;
			unit /= 10; /* finer than ms: not looked at */
		} while (take_number(&p, 1, 0, &digit));
	}
	if (!take_offset(p, &offset_ms))
		return -EINVAL;
	*out_ms = whole_ms + ms - offset_ms;
	return 0;
}

const char *
when_age(int64_t ms, char out[WHEN_TEXT])
{
	if (ms < SECOND)
		(void)snprintf(out, WHEN_TEXT, "now");
	else if (ms < MINUTE)
		(void)snprintf(out, WHEN_TEXT, "%" PRIi64 "s", ms / SECOND);
	else if (ms < HOUR)
		(void)snprintf(out, WHEN_TEXT, "%" PRIi64 "m", ms / MINUTE);
	else if (ms < DAY)
		(void)snprintf(out, WHEN_TEXT, "%" PRIi64 "h", ms / HOUR);
	else
		(void)snprintf(out, WHEN_TEXT, "%" PRIi64 "d", ms / DAY);
	return out;
}

const char *
when_span(int64_t ms, char out[WHEN_TEXT])
{
	static const struct {
		int64_t unit, part;
		char name, part_name;
	} units[] = {
		{ DAY, HOUR, 'd', 'h' },
		{ HOUR, MINUTE, 'h', 'm' },
		{ MINUTE, SECOND, 'm', 's' },
	};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		int64_t unit = units[i].unit, part = ms % unit / units[i].part;

		if (ms < unit)
			continue;
		if (part)
			(void)snprintf(out, WHEN_TEXT,
				"%" PRIi64 "%c %" PRIi64 "%c", ms / unit,
				units[i].name, part, units[i].part_name);
		else
			(void)snprintf(out, WHEN_TEXT, "%" PRIi64 "%c",
				ms / unit, units[i].name);
		return out;
	}
	if (ms < SECOND)
		(void)snprintf(out, WHEN_TEXT, "%" PRIi64 " ms", ms);
	else if (ms < 10 * SECOND && ms % SECOND >= 100)
		(void)snprintf(out, WHEN_TEXT, "%" PRIi64 ".%" PRIi64 " s",
			ms / SECOND, ms % SECOND / 100);
	else
		(void)snprintf(out, WHEN_TEXT, "%" PRIi64 " s", ms / SECOND);
	return out;
}
