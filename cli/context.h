/* context.h - which server is asked, and as whom
 *
 * From --server, --token-file and --ca, from the environment, or from a section
 * of the settings file that is chosen by --context, $NODELINK_CONTEXT or the
 * key `context` of [nodelink]:
 *
 *	[nodelink]
 *	context = prod
 *	[context prod]
 *	server = https://nodelink.example.org:8443
 *	token_file = ~/.config/nodelink/prod.token
 *	ca = ca.crt
 *
 * Files are relative to the folder of the settings file; "~/" is the home. A
 * context's token and CA are for its own server: they are not used when the
 * server comes from elsewhere. Likewise --context drops what the environment
 * says of server, token and CA. */
#ifndef NODELINK_CLI_CONTEXT_H
#define NODELINK_CLI_CONTEXT_H

#include <stdbool.h>

#include "base/err.h"
#include "conf/conf.h"

struct context {
	char *name; /* NULL: from flags, environment or defaults only */
	char *server; /* URL that a path can be appended to */
	char *token; /* of the Authorization header; NULL: none */
	char *ca; /* file of CAs to know the server by; NULL: the system's */
	bool loopback; /* nobody is in between */
};

/* The settings file: $NODELINK_CONFIG, else nodelink/config below
 * $XDG_CONFIG_HOME or ~/.config. free() it. NULL: out of memory. */
char *context_file(void);

/* Reads the token's file, too. A token is not sent to another host without
 * TLS, unless --plaintext says so. 0, or -errno with text; *out is to be
 * context_done() in any case. */
int context_find(const struct conf *conf, struct context *out, struct err *err);
void context_done(struct context *context);

#endif
