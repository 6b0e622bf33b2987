/* verbs.c - the table of verbs, in the order in which help lists them */
#include "cli/verb.h"

extern const struct verb verb_run, verb_version;

const struct verb *const verbs[] = {
	&verb_run,
	&verb_version,
};
const size_t n_verbs = ARRAY_SIZE(verbs);
