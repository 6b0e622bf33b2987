/* spare.h - unused folders of tasks that have ended, for those that come
 *
 * Disk file systems take 100 us to make a folder and 260 to remove it, but 10
 * to rename one (ext4, measured). So folders found empty, with owner and mode
 * as they were, become ".spare-UID-N" and the next task's of that user. A
 * process that escaped from its task could write into it; it could by path as
 * well, since it runs as the same user. */
#ifndef NODELINK_EXECUTOR_SPARE_H
#define NODELINK_EXECUTOR_SPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SPARE_PREFIX ".spare-"

enum { SPARE_USERS = 8 }; /* the others make theirs afresh */

struct spares { /* zeroed: none */
	struct {
		uid_t uid;
		unsigned n; /* SPARE_PREFIX uid-0 and so on exist */
	} of[SPARE_USERS];
	size_t n;
};

/* `scratch` is the folder that has them all. True: the task has one. */
bool spare_take(struct spares *s, int scratch, const char *task_id, uid_t uid);
/* True: it was unused, and is a spare now. */
bool spare_keep(struct spares *s, int scratch, const char *task_id);
void spares_clear(struct spares *s, int scratch);

#endif
