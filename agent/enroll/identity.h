/* identity.h - the agent's key, its request for a certificate, and both as files
 *
 * The key is made here and never leaves this host. */
#ifndef NODELINK_ENROLL_IDENTITY_H
#define NODELINK_ENROLL_IDENTITY_H

#include "base/auto.h"
#include "base/err.h"

struct identity;

/* A new key. NULL with text. */
struct identity *identity_new(struct err *err);
void identity_free(struct identity *identity);
AUTO_DEFINE(struct identity *, identity_free)

/* A request for a certificate, PEM; free() it. NULL with text. */
char *identity_request(const struct identity *identity, struct err *err);

/* The certificate is for our key, for this agent, and of this CA (the first one
 * in each text). 0, or -EBADMSG with text. */
int identity_check(const struct identity *identity, const char *agent_id,
	const char *cert, const char *ca, struct err *err);

/* If it is: written with the key and the CA to <dir>/agent.crt, agent.key and
 * ca.crt, and the folder is there. Else nothing is. */
int identity_save(const struct identity *identity, const char *agent_id,
	const char *cert, const char *ca, const char *dir, struct err *err);

#endif
