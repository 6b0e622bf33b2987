/* end.h - the end of an executor, for its own files; executor_stop() is for
 * others */
#ifndef NODELINK_EXECUTOR_END_H
#define NODELINK_EXECUTOR_END_H

struct executor;

/* A task has ended: was it the last one? */
void executor_maybe_stopped(struct executor *ex);

/* All tasks are lost and the process must go; happens on a fresh turn. For a
 * plugin that does not keep its word, and for want of memory. */
void executor_fail(struct executor *ex, const char *why);

#endif
