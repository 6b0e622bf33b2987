/* remains.h - is anything left of the tasks of an executor that died?
 *
 * The first Inventory makes the server call these tasks executor_lost, which has
 * to be true by then: killed and verified. So while one of their processes lives,
 * or the plugin says that something else is left, Attach is not answered, and the
 * server waits as it does for an executor that is not there. Nothing is begun
 * either, so whoever is found in the tasks' name is none of ours. What outlives
 * that time (45 s) is named in the log. It is less than the server's lost_after
 * (60 s), which began when the executor died and would lose them before that. */
#ifndef NODELINK_EXECUTOR_REMAINS_H
#define NODELINK_EXECUTOR_REMAINS_H

#include <stdbool.h>

struct executor;
struct remains;

/* NULL: no memory. */
struct remains *remains_new(struct executor *ex);
void remains_free(struct remains *r);

/* The plugin's word: what is left outside of processes; NULL: no more. It counts
 * when it comes before the first look. */
void remains_outside(struct remains *r, const char *what);
/* Look, and again until nothing is left: then hooks begin and Attach is answered.
 * folders: there were tasks. */
void remains_look(struct remains *r, bool folders);
bool remains_are_there(const struct remains *r);

#endif
