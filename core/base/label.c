/* label.c - names with values, by which tasks are found and tokens limited */
#include "base/label.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void
drop(const struct label *l)
{
	free((char *)(uintptr_t)l->name); /* const for those who borrow it */
	free((char *)(uintptr_t)l->value);
}

int
labels_add(
	struct label **all, size_t *n_all, const char *name, const char *value)
{
	const struct label copy = { strdup(name),
		value ? strdup(value) : NULL };
	struct label *more = NULL;

	if (copy.name && !copy.value == !value)
		more = reallocarray(*all, *n_all + 1, sizeof *more);
	if (!more) {
		drop(&copy);
		return -ENOMEM;
	}
	more[(*n_all)++] = copy;
	*all = more;
	return 0;
}

int
labels_copy(struct label **all, size_t *n_all, const struct label *from,
	size_t n_from)
{
	int r = 0;

	for (size_t i = 0; i < n_from && r == 0; i++)
		r = labels_add(all, n_all, from[i].name, from[i].value);
	return r;
}

void
labels_free(struct label *labels, size_t n)
{
	for (size_t i = 0; i < n; i++)
		drop(&labels[i]);
	free(labels);
}

const struct label *
labels_find(const struct label *labels, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(labels[i].name, name) == 0)
			return &labels[i];
	return NULL;
}

bool
labels_have(const struct label *labels, size_t n, const struct label *wanted,
	size_t n_wanted)
{
	for (size_t i = 0; i < n_wanted; i++) {
		const struct label *l = labels_find(labels, n, wanted[i].name);

		if (!l || (wanted[i].value &&
				  strcmp(l->value, wanted[i].value) != 0))
			return false;
	}
	return true;
}
