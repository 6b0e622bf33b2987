/* id.c - names that travel: task ids, agent ids, plugin names */
#include "base/id.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"

/* The 12 bits behind the time count what was made within one millisecond. */
enum { COUNT_MAX = 0xfff };
static uint64_t last_ms;
static unsigned count;

void
id_new(char out[ID_MAX])
{
	uint64_t ms = (uint64_t)clock_wall_ms();
	uint8_t b[16];

	/* Up to 256 bytes getrandom never returns short once seeded. */
	while (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b)
		;
	if (ms > last_ms) {
		last_ms = ms;
		count = 0;
	} else if (count == COUNT_MAX) {
		last_ms++;
		count = 0;
	} else {
		count++;
	}
	for (int i = 0; i < 6; i++)
		b[i] = (uint8_t)(last_ms >> (40 - 8 * i));
	b[6] = (uint8_t)(0x70 | (count >> 8));
	b[7] = (uint8_t)count;
	b[8] = (uint8_t)(0x80 | (b[8] & 0x3f));
	(void)snprintf(out, ID_MAX,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9],
		b[10], b[11], b[12], b[13], b[14], b[15]);
}

int64_t
id_time_ms(const char *id)
{
	static const char form[] = "hhhhhhhh-hhhh-7hhh-vhhh-hhhhhhhhhhhh";
	int64_t ms = 0;
	size_t i;

	for (i = 0; form[i]; i++) {
		const char *set = form[i] == 'h'   ? "0123456789abcdef"
				  : form[i] == 'v' ? "89ab"
						   : (char[]){ form[i], 0 };
		const char *at = id[i] ? strchr(set, id[i]) : NULL;

		if (!at)
			return -1;
		if (i < 13 && form[i] == 'h')
			ms = ms * 16 + (at - set);
	}
	return id[i] ? -1 : ms;
}

static bool
made_of(const char *id, const char *set, size_t max)
{
	size_t n = strnlen(id, max + 1);

	return n >= 1 && n <= max && strspn(id, set) == n;
}

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

bool
id_valid(const char *id)
{
	return made_of(id, LOWER DIGITS "-", ID_LEN);
}

bool
id_valid_agent(const char *id)
{
	return made_of(id, LOWER UPPER DIGITS "._-", ID_LEN) && *id != '.' &&
	       *id != '-';
}

bool
id_valid_plugin(const char *name)
{
	return made_of(name, LOWER DIGITS "-", 32) && *name >= 'a' &&
	       *name <= 'z';
}
