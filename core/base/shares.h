/* shares.h - how much each may have at a time, by name
 *
 * Connections of an address, open requests of a client. A name that has nothing
 * is not remembered, so there are as many as there are things. One thread. */
#ifndef NODELINK_BASE_SHARES_H
#define NODELINK_BASE_SHARES_H

#include "base/auto.h"

struct shares;
struct share; /* what one name has */

/* max: of each name. NULL: out of memory. */
struct shares *shares_new(unsigned max);
/* When everything that was taken has been given back. */
void shares_free(struct shares *shares);
AUTO_DEFINE(struct shares *, shares_free)

/* One more for this name (the first RATES_NAME bytes of it count), until
 * share_give_back(*out). */
enum { SHARES_OK, SHARES_FULL }; /* or -ENOMEM */
int shares_take(struct shares *shares, const char *name, struct share **out);
void share_give_back(struct share *share); /* NULL is fine */

#endif
