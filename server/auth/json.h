/* json.h - a token as JSON, for the API and the commands */
#ifndef NODELINK_AUTH_JSON_H
#define NODELINK_AUTH_JSON_H

#include "auth/auth.h"
#include "json/emit.h"

/* Its members; the object is the caller's. */
void auth_token_json(struct emit *e, const struct auth_token *token);

#endif
