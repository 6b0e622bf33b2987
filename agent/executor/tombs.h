/* tombs.h - cancels of tasks that have not come yet
 *
 * A late start finds the tomb and is answered "never started". Bounded in
 * number (the oldest goes) and age. */
#ifndef NODELINK_EXECUTOR_TOMBS_H
#define NODELINK_EXECUTOR_TOMBS_H

#include <stdint.h>

#include "base/auto.h"
#include "wire/msg.h"

enum { TOMBS_MAX = 10000, TOMB_MS = 10 * 60 * 1000 };

struct tombs;

struct tombs *tombs_new(void);
void tombs_free(struct tombs *t);
AUTO_DEFINE(struct tombs *, tombs_free)

/* A second cancel of the same task changes nothing. 0 or -ENOMEM. */
int
tombs_add(struct tombs *t, const char *task_id, const struct msg_cancel *why);

/* Why it was cancelled, borrowed until the next tombs_add(); or NULL. */
const struct msg_cancel *tombs_find(struct tombs *t, const char *task_id);

#endif
