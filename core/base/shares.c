/* shares.c - how much each may have at a time, by name */
#include "base/shares.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/rates.h"

struct share {
	char name[RATES_NAME];
	unsigned n;
	struct shares *shares;
	UT_hash_handle hh;
};

struct shares {
	unsigned max;
	struct share *all;
};

struct shares *
shares_new(unsigned max)
{
	struct shares *shares = calloc(1, sizeof *shares);

	if (shares)
		shares->max = max;
	return shares;
}

void
shares_free(struct shares *shares)
{
	if (!shares)
		return;
	assert(!shares->all);
	free(shares);
}

int
shares_take(struct shares *shares, const char *name, struct share **out)
{
	size_t len = strnlen(name, RATES_NAME - 1);
	struct share *s;

	HASH_FIND(hh, shares->all, name, len, s);
	if (s ? s->n >= shares->max : !shares->max)
		return SHARES_FULL;
	if (!s) {
		s = calloc(1, sizeof *s);
		if (!s)
			return -ENOMEM;
		memcpy(s->name, name, len);
		s->shares = shares;
		HASH_ADD(hh, shares->all, name[0], len, s);
	}
	s->n++;
	*out = s;
	return SHARES_OK;
}

void
share_give_back(struct share *share)
{
	if (!share || --share->n)
		return;
	HASH_DEL(share->shares->all, share);
	free(share);
}
