/* nearest.c - which known word a wrong one was meant to be */
#include <string.h>

#include "conf/settings.h"

enum { WORD_LEN = 40 };

static size_t
least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* How many letters must be put in, taken out or changed (Levenshtein); a
 * large number for words too long to be names. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[WORD_LEN + 1], n = strlen(b);

	if (n > WORD_LEN)
		return SIZE_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; *a; a++, i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t above = row[j];

			row[j] = least(above + 1, row[j - 1] + 1,
				corner + (*a != b[j - 1]));
			corner = above;
		}
	}
	return row[n];
}

const char *
conf_nearest(const char *word, const char *const *words, size_t n)
{
	size_t best = strlen(word) < 6 ? 3 : 4; /* from here on: not like it */
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		size_t d = distance(word, words[i]);

		if (d < best && d < strlen(words[i])) {
			best = d;
			found = words[i];
		}
	}
	return found;
}
