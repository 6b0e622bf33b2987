/* filter.c - which tasks are meant */
#include <string.h>

#include "store/store.h"

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
	return labels_have(t->labels, t->n_labels, f->labels, f->n_labels);
}
