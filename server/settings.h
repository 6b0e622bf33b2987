/* settings.h - what nodelink-server was told, checked */
#ifndef NODELINK_SERVER_SETTINGS_H
#define NODELINK_SERVER_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/limits.h"
#include "base/err.h"
#include "conf/conf.h"
#include "sandbox/sandbox.h"
#include "store/store.h"
#include "tls/tls.h"
#include "webhook/webhook.h"

struct settings {
	struct conf *conf; /* owns all texts */
	char http_host[256];
	uint16_t http_port;
	char grpc_host[256];
	uint16_t grpc_port;
	char grpc_listen[300]; /* as core/rpc wants it */
	const char *auth; /* database of tokens; NULL: development mode */
	bool http_anonymous, agents_anonymous; /* not asked who they are */
	struct tls_files http_tls, grpc_tls; /* cert NULL: none */
	const char *ca_dir; /* NULL: no CA of our own */
	bool show_routes; /* and nothing else */
	const char *tmp_dir;
	const char *store; /* folder; NULL: in memory */
	struct store_limits limits;
	const char *audit; /* NULL: none */
	bool audit_required;
	struct limits_conf client_limits;
	unsigned max_connections, max_per_address;
	unsigned max_agent_connections, max_agents_per_address;
	int64_t request_timeout_ms, idle_timeout_ms, stall_timeout_ms;
	int64_t default_grace_ms, start_timeout_ms, lost_after_ms;
	uint64_t output_limit;
	struct webhook_conf webhook; /* but for loop and store */
	enum sandbox_seccomp seccomp;
	bool landlock;
};

/* The table, for commands that read the same file. */
extern const struct conf_program settings_program;

/* 0; CONF_EXIT; -errno with text: wrong usage. settings_done() in any case. */
int settings_read(struct settings *s, int argc, char **argv, struct err *err);
void settings_done(struct settings *s);

/* Make the limits of connections fit into the files that may be open. */
void settings_fit(struct settings *s);

/* There are webhooks: the server may call others. */
bool settings_tells(const struct settings *s);

#endif
