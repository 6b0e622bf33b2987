/* parse.c - text to values, strictly */
#include "base/parse.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/auto.h"

int
parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (!text || !*text)
		return -EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
			__builtin_add_overflow(v, (uint64_t)(*text - '0'), &v))
			return -ERANGE;
	}
	if (v < min || v > max)
		return -ERANGE;
	*out = v;
	return 0;
}

int
parse_i64(const char *text, int64_t min, int64_t max, int64_t *out)
{
	bool negative = text && *text == '-';
	uint64_t v;
	int64_t signed_v;
	int r = parse_u64(negative ? text + 1 : text, 0, INT64_MAX, &v);

	if (r < 0)
		return r;
	signed_v = negative ? -(int64_t)v : (int64_t)v;
	if (signed_v < min || signed_v > max)
		return -ERANGE;
	*out = signed_v;
	return 0;
}

/* A plain decimal number, and what follows it. No exponent, no "inf", no
 * locale: strtod would take all three. */
static int
parse_decimal(const char *text, double *out, const char **rest)
{
	double v = 0, unit = 1;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++)
		v = v * 10 + (*p - '0');
	if (p == text)
		return -EINVAL;
	if (*p == '.') {
		const char *first = ++p;

		for (; *p >= '0' && *p <= '9'; p++) {
			unit /= 10;
			v += unit * (*p - '0');
		}
		if (p == first)
			return -EINVAL;
	}
	*out = v;
	*rest = p;
	return 0;
}

int
parse_duration_ms(const char *text, int64_t *out)
{
	static const struct {
		const char *suffix;
		double ms;
	} units[] = { { "ms", 1 }, { "", 1e3 }, { "s", 1e3 }, { "m", 6e4 },
		{ "min", 6e4 }, { "h", 3.6e6 }, { "d", 8.64e7 } };
	const char *rest;
	double v;

	if (!text || parse_decimal(text, &v, &rest) < 0)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(rest, units[i].suffix) != 0)
			continue;
		v *= units[i].ms;
		if (v > 1e14)
			return -ERANGE;
		*out = (int64_t)(v + 0.5);
		return 0;
	}
	return -EINVAL;
}

int
parse_size(const char *text, uint64_t *out)
{
	size_t n = text ? strcspn(text, "kKmMgG") : 0;
	char digits[24];
	uint64_t v, unit = 1;
	int r;

	if (!n || n >= sizeof digits)
		return -EINVAL;
	memcpy(digits, text, n);
	digits[n] = 0;
	r = parse_u64(digits, 0, UINT64_MAX, &v);
	if (r < 0)
		return r;
	switch (text[n]) {
	case 'k':
	case 'K': unit = 1ull << 10; break;
	case 'm':
	case 'M': unit = 1ull << 20; break;
	case 'g':
	case 'G': unit = 1ull << 30; break;
	case 0: break;
	}
	if (text[n] && text[n + 1])
		return -EINVAL;
	if (__builtin_mul_overflow(v, unit, out))
		return -ERANGE;
	return 0;
}

int
parse_bool(const char *text, bool *out)
{
	static const char *const words[2][4] = { { "no", "false", "off", "0" },
		{ "yes", "true", "on", "1" } };

	for (int v = 0; text && v < 2; v++)
		for (int i = 0; i < 4; i++)
			if (strcasecmp(text, words[v][i]) == 0) {
				*out = v == 1;
				return 0;
			}
	return -EINVAL;
}

int
parse_signal(const char *text, int *out)
{
	int64_t number;

	if (!text)
		return -EINVAL;
	if (parse_i64(text, 1, 64, &number) == 0) {
		*out = (int)number;
		return 0;
	}
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (int s = 1; s < 32; s++) {
		const char *name = sigabbrev_np(s);

		if (name && strcasecmp(name, text) == 0) {
			*out = s;
			return 0;
		}
	}
	return -EINVAL;
}

const char *
signal_name(int signo)
{
	static const char *const names[] = { [SIGHUP] = "SIGHUP",
		[SIGINT] = "SIGINT",
		[SIGQUIT] = "SIGQUIT",
		[SIGILL] = "SIGILL",
		[SIGTRAP] = "SIGTRAP",
		[SIGABRT] = "SIGABRT",
		[SIGBUS] = "SIGBUS",
		[SIGFPE] = "SIGFPE",
		[SIGKILL] = "SIGKILL",
		[SIGUSR1] = "SIGUSR1",
		[SIGSEGV] = "SIGSEGV",
		[SIGUSR2] = "SIGUSR2",
		[SIGPIPE] = "SIGPIPE",
		[SIGALRM] = "SIGALRM",
		[SIGTERM] = "SIGTERM",
		[SIGCHLD] = "SIGCHLD",
		[SIGCONT] = "SIGCONT",
		[SIGSTOP] = "SIGSTOP",
		[SIGTSTP] = "SIGTSTP",
		[SIGTTIN] = "SIGTTIN",
		[SIGTTOU] = "SIGTTOU",
		[SIGXCPU] = "SIGXCPU",
		[SIGXFSZ] = "SIGXFSZ",
		[SIGVTALRM] = "SIGVTALRM",
		[SIGPROF] = "SIGPROF",
		[SIGWINCH] = "SIGWINCH",
		[SIGIO] = "SIGIO",
		[SIGPWR] = "SIGPWR",
		[SIGSYS] = "SIGSYS" };

	if (signo > 0 && (size_t)signo < ARRAY_SIZE(names) && names[signo])
		return names[signo];
	return "SIGRT";
}

int
parse_address(const char *text, char host[256], uint16_t *port)
{
	const char *colon = text ? strrchr(text, ':') : NULL;
	const char *end = colon;
	uint64_t number;

	if (!colon || parse_u64(colon + 1, 0, 65535, &number) < 0)
		return -EINVAL;
	if (*text == '[') {
		if (end - text < 2 || end[-1] != ']')
			return -EINVAL;
		text++;
		end--;
	} else if (memchr(text, ':', (size_t)(end - text))) {
		return -EINVAL; /* IPv6 needs its brackets */
	}
	if (end - text >= 256)
		return -EINVAL;
	memcpy(host, text, (size_t)(end - text));
	host[end - text] = 0;
	*port = (uint16_t)number;
	return 0;
}

bool
parse_is_loopback(const char *host)
{
	struct in_addr v4;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return strcmp(host, "::1") == 0 || strcmp(host, "localhost") == 0;
}
