/* value.c - is this text a value of that type, and what would be one */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/parse.h"
#include "conf/settings.h"

enum { BOUND_TEXT = 32 };

struct unit {
	const char *suffix;
	int64_t size;
};

static const struct unit sizes[] = { { "G", 1 << 30 }, { "M", 1 << 20 },
	{ "k", 1 << 10 }, { "", 1 } };
static const struct unit times[] = { { "d", 86400000 }, { "h", 3600000 },
	{ "m", 60000 }, { "s", 1000 }, { "ms", 1 } };

static const char *
describe(enum conf_type type)
{
	switch (type) {
	case CONF_TEXT: return "a text";
	case CONF_PATH: return "a path";
	case CONF_BOOL: return "yes or no";
	case CONF_INT: return "a whole number";
	case CONF_SIZE: return "a size such as 4096, 64k, 16M or 1G";
	case CONF_DURATION: return "a duration such as 500ms, 10s, 2m or 1h";
	case CONF_ADDRESS:
		return "an address such as 127.0.0.1:9090, [::1]:9090 or "
		       "unix:/path";
	case CONF_LEVEL: return "error, warn, info or debug";
	}
	return "";
}

/* A bound in the largest unit that fits without a rest. */
static const char *
bound_text(enum conf_type type, int64_t number, char out[BOUND_TEXT])
{
	const struct unit *units = type == CONF_SIZE ? sizes : times;
	size_t n = type == CONF_SIZE ? ARRAY_SIZE(sizes) : ARRAY_SIZE(times);

	(void)snprintf(out, BOUND_TEXT, "%lld", (long long)number);
	if (type != CONF_SIZE && type != CONF_DURATION)
		return out;
	for (size_t i = 0; number && i < n; i++)
		if (number % units[i].size == 0) {
			(void)snprintf(out, BOUND_TEXT, "%lld%s",
				(long long)(number / units[i].size),
				units[i].suffix);
			break;
		}
	return out;
}

static int
check_bounds(const struct conf_item *item, const char *text, int64_t number,
	const char *where, struct err *err)
{
	char min[BOUND_TEXT], max[BOUND_TEXT];

	if (!item->min && !item->max)
		return 0;
	if (number >= item->min && number <= item->max)
		return 0;
	return err_set(err, -ERANGE, "%s: '%s' is not between %s and %s", where,
		text, bound_text(item->type, item->min, min),
		bound_text(item->type, item->max, max));
}

static int
parse_number(const struct conf_item *item, const char *text, int64_t *out)
{
	uint64_t size;
	int r;

	if (item->type == CONF_INT)
		return parse_i64(text, INT64_MIN, INT64_MAX, out);
	if (item->type == CONF_DURATION)
		return parse_duration_ms(text, out);
	r = parse_size(text, &size);
	if (r < 0)
		return r;
	if (size > INT64_MAX)
		return -ERANGE;
	*out = (int64_t)size;
	return 0;
}

static int
check_address(const char *text)
{
	char host[256];
	uint16_t port;

	if (strncmp(text, "unix:", 5) == 0)
		return text[5] ? 0 : -EINVAL;
	return parse_address(text, host, &port);
}

static int
parse_level(const char *text, int64_t *out)
{
	enum log_level level;
	int r = log_parse_level(text, &level);

	if (r == 0)
		*out = level;
	return r;
}

static int
absolute_path(const char *text, char **out)
{
	char cwd[PATH_MAX];

	if (!*text)
		return -EINVAL;
	if (*text == '/') {
		*out = strdup(text);
		return *out ? 0 : -ENOMEM;
	}
	if (!getcwd(cwd, sizeof cwd))
		return -errno;
	return asprintf(out, "%s/%s", cwd, text) < 0 ? -ENOMEM : 0;
}

int
conf_value_parse(const struct conf_item *item, const char *text,
	const char *where, struct conf_value *out, struct err *err)
{
	struct conf_value value = { 0 };
	int r = 0;

	switch (item->type) {
	case CONF_TEXT: break;
	case CONF_PATH: r = absolute_path(text, &value.text); break;
	case CONF_BOOL: r = parse_bool(text, &value.yes); break;
	case CONF_ADDRESS: r = check_address(text); break;
	case CONF_LEVEL: r = parse_level(text, &value.number); break;
	case CONF_INT:
	case CONF_SIZE:
	case CONF_DURATION: r = parse_number(item, text, &value.number); break;
	}
	if (r == -ERANGE)
		return err_set(err, r, "%s: '%s' is too large", where, text);
	if (r == -EINVAL && !*text)
		return err_set(err, r, "%s: empty, but must be %s", where,
			describe(item->type));
	if (r == -EINVAL)
		return err_set(err, r, "%s: '%s' is not %s", where, text,
			describe(item->type));
	if (r < 0)
		return err_set(err, r, "%s: %s", where, err_name(-r));
	r = check_bounds(item, text, value.number, where, err);
	if (r < 0)
		return r;
	if (!value.text)
		value.text = strdup(text);
	if (!value.text)
		return err_set(err, -ENOMEM, "%s: %s", where, err_name(ENOMEM));
	*out = value;
	return 0;
}
