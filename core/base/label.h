/* label.h - names with values, by which tasks are found and tokens limited
 *
 * Lists of them are an array and its length. Where they are kept, the array and
 * its texts are the keeper's own; elsewhere both are borrowed. */
#ifndef NODELINK_BASE_LABEL_H
#define NODELINK_BASE_LABEL_H

#include <stdbool.h>
#include <stddef.h>

struct label {
	const char *name;
	const char *value; /* in a filter also NULL: any */
};

/* Append copies. 0 or -ENOMEM; what was appended before that stays, so
 * labels_free() is due in any case. */
int labels_add(
	struct label **all, size_t *n_all, const char *name, const char *value);
int labels_copy(struct label **all, size_t *n_all, const struct label *from,
	size_t n_from);
/* Of what was appended by these two. */
void labels_free(struct label *labels, size_t n);

/* The first of this name, or NULL. */
const struct label *
labels_find(const struct label *labels, size_t n, const char *name);
/* Is each of wanted there? */
bool labels_have(const struct label *labels, size_t n,
	const struct label *wanted, size_t n_wanted);

#endif
