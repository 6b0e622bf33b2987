/* orphans.h - processes whose parents died become the executor's children
 *
 * Instead of init's: so the end of a group can be verified as soon as its
 * last member is dead, whatever init there is (in a container often one that
 * reaps late or never). The price is that we reap them. */
#ifndef NODELINK_EXECUTOR_ORPHANS_H
#define NODELINK_EXECUTOR_ORPHANS_H

#include "executor/executor.h"

struct orphans;

/* Makes the process a subreaper. NULL: no memory. */
struct orphans *orphans_new(struct executor *ex);
void orphans_free(struct orphans *o);

#endif
