/* json.c - a token as JSON, for the API and the commands */
#include "auth/json.h"

void
auth_token_json(struct emit *e, const struct auth_token *token)
{
	emit_text(e, "id", token->id);
	emit_text(e, "client", token->client);
	emit_text(e, "role", auth_role_name(token->role));
	emit_labels(e, token->labels, token->n_labels);
	emit_time(e, "created_at", token->created_at);
	emit_time(e, "expires_at", token->expires_at);
	emit_time(e, "used_at", token->used_at);
}
