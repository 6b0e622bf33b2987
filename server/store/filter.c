/* filter.c - which tasks are meant */
#include <string.h>

#include "store/store.h"

static bool
has_label(const struct task *t, const struct store_label *l)
{
	for (size_t i = 0; i < t->n_labels; i++)
		if (strcmp(t->labels[i].name, l->name) == 0)
			return !l->value ||
			       strcmp(t->labels[i].value, l->value) == 0;
	return false;
}

bool
store_matches(const struct store_filter *f, const struct task *t)
{
	if (f->agent_id && strcmp(f->agent_id, t->agent_id) != 0)
		return false;
	if (f->plugin && strcmp(f->plugin, t->plugin) != 0)
		return false;
	if (f->owner && (!t->owner || strcmp(f->owner, t->owner) != 0))
		return false;
	if (f->status >= 0 && (int)t->status != f->status)
		return false;
	if (f->status == STORE_UNFINISHED && task_is_final(t->status))
		return false;
	for (size_t i = 0; i < f->n_labels; i++)
		if (!has_label(t, &f->labels[i]))
			return false;
	return true;
}
