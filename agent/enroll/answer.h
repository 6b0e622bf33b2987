/* answer.h - what the server answers to an agent that enrols */
#ifndef NODELINK_ENROLL_ANSWER_H
#define NODELINK_ENROLL_ANSWER_H

#include "base/err.h"
#include "json/json.h"

/* A member that has to be there; borrowed. -EBADMSG with text. */
int answer_text(const json_t *answer, const char *name, const char **out,
	struct err *err);

/* The CA in an answer, if it is the one with this hash, without what somebody
 * may have put behind it. PEM; free() it. -EBADMSG, or -EPERM when it is
 * another, with text; server is for that. */
int answer_ca(const json_t *answer, const char *hash, const char *server,
	char **out, struct err *err);

#endif
