/* telling.c - why there is no connection to the server, once per change */
#include "uplink/telling.h"

#include "base/log.h"
#include "uplink/credentials.h"

void
telling_reset(struct telling *t)
{
	t->told = false;
}

void
telling_say(struct telling *t, const struct uplink_conf *conf,
	enum rpc_status status, const char *text)
{
	const char *server = conf->server;

	if (t->told && t->status == status) {
		log_debug("server '%s': %s", server, text);
		return;
	}
	t->told = true;
	t->status = status;
	if (status == RPC_STATUS_UNAUTHENTICATED && conf->credentials->pem.cert)
		log_error(0,
			"server '%s' refuses the certificate of agent '%s' "
			"(%s): nodelink-agent enroll gets another; trying on",
			server, conf->agent_id, text);
	else if (status == RPC_STATUS_UNAUTHENTICATED)
		log_error(0,
			"server '%s' refuses the token of agent '%s' (%s): "
			"check token_file or $NODELINK_AGENT_TOKEN; trying on",
			server, conf->agent_id, text);
	else if (status == RPC_STATUS_REPLACED)
		log_error(0,
			"another agent has connected to server '%s' as '%s'; "
			"an id must be used once only",
			server, conf->agent_id);
	else if (status == RPC_STATUS_OK)
		log_info("server '%s' closed the stream; trying on", server);
	else
		log_warn(0, "no connection to server '%s': %s (%s); trying on",
			server, text, rpc_status_name(status));
}
