/* admit.c - which agents may be connected: asked when they come, when somebody's
 * credentials have changed, and when a certificate ends */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/rates.h"
#include "hub/internal.h"

enum { LOOK_MS = 24 * 3600 * 1000 }; /* the wall clock may be set meanwhile */

static int
check_agent(struct hub *hub, const struct rpc_hello *hello,
	struct auth_pass *pass, struct err *err)
{
	const struct auth_agent_proof proof = { .agent_id = hello->agent_id,
		.token = hello->agent_token,
		.tls_names = hello->tls_names,
		.serial = hello->serial ? hello->serial : "",
		.verified = hello->verified };

	if (!id_valid_agent(hello->agent_id))
		return err_set(err, -EACCES,
			"agent_id '%.80s' in the metadata is not "
			"[A-Za-z0-9._-]{1,64}",
			hello->agent_id);
	if (hello->verified &&
		!auth_names_agent(hello->tls_names, hello->agent_id))
		return err_set(err, -EACCES,
			"agent '%s': the certificate is not in its name",
			hello->agent_id);
	if (hello->verified && hello->not_after <= clock_wall_ms())
		return err_set(err, -EACCES,
			"agent '%s': the certificate has expired",
			hello->agent_id);
	if (!hub->conf.auth)
		return 0;
	return auth_agent_check(hub->conf.auth, &proof, pass, err);
}

bool
admit_tells(struct hub *hub, const struct rpc_hello *hello)
{
	char name[RATES_NAME];

	return rates_take(hub->noise, rates_address(hello->peer, name)) == 0;
}

/* Of agents it is noted who they are; none is kept waiting for that. One that
 * comes again and again must not fill the disk. */
void
admit_note(struct hub *hub, const struct rpc_hello *hello,
	enum audit_decision decision, const char *reason)
{
	char detail[AUTH_SERIAL + 16] = "";

	if (hello->verified)
		(void)snprintf(detail, sizeof detail, "certificate %s",
			hello->serial ? hello->serial : "");
	(void)audit_note(hub->conf.audit,
		&(struct audit_event){ .action = "agent.connect",
			.decision = decision,
			.actor = hello->agent_id,
			.peer = hello->peer,
			.target = hello->agent_id,
			.detail = detail,
			.reason = reason,
			.repeats = hello->agent_id });
}

/* Who has proved nothing is not told which agents there are, and which were
 * revoked. */
static void
tell_little(
	const struct hub *hub, const struct rpc_hello *hello, struct err *err)
{
	if (hub->conf.auth && !hello->verified &&
		id_valid_agent(hello->agent_id))
		(void)err_set(err, 0,
			"agent '%s': unknown agent_id or wrong agent_token",
			hello->agent_id);
}

int
admit_check(struct hub *hub, const struct rpc_hello *hello,
	struct auth_pass *pass, struct err *err)
{
	int r = check_agent(hub, hello, pass, err);

	metric_add(hub->counts.streams,
		METRIC_OF(r < 0 ? "refused" : "accepted"), 1);
	if (r < 0) {
		if (admit_tells(hub, hello))
			log_warn(0, "refused a stream from %s: %s", hello->peer,
				err->text);
		admit_note(hub, hello, AUDIT_REFUSED, err->text);
		tell_little(hub, hello, err);
	}
	return r;
}

/* One that has not been here since we started may have been cut off before, or
 * nobody would be told any more that its certificate has ended. */
static int
know_agent(void *arg, const struct auth_agent *agent)
{
	struct hub *hub = arg;
	struct agent *a = agent->revoked_at ? hub_agent(hub, agent->id)
					    : hub_agent_make(hub, agent->id);

	if (a && (agent->revoked_at || !a->connected_at))
		a->not_after = agent->not_after;
	else if (!a && !agent->revoked_at)
		log_error(-ENOMEM, "agent '%s' is not listed", agent->id);
	return 0;
}

static void
cut(struct agent *a, const char *why)
{
	log_warn(0, "%s: its stream is closed", why);
	(void)audit_note(a->hub->conf.audit,
		&(struct audit_event){ .action = "agent.cut",
			.actor = "nodelink-server",
			.peer = a->peer,
			.target = a->id,
			.reason = why });
	agent_drop(a, RPC_STATUS_UNAUTHENTICATED, why);
}

void
hub_recheck_agents(struct hub *hub)
{
	struct auth *auth = hub->conf.auth;
	struct err err;

	if (!auth)
		return;
	for (struct agent *a = hub->agents; a; a = a->hh.next) {
		if (!a->stream ||
			auth_agent_still(auth, a->id, &a->pass, &err) == 0)
			continue;
		cut(a, err.text);
	}
	(void)auth_agents_each(auth, know_agent, hub); /* it never fails */
}

/* ------------------------------------------------------ ends of certificates */

/* A stream must not outlive what it was opened with, or expiry would mean
 * nothing to an agent that stays connected. */
void
admit_tick(void *arg)
{
	struct hub *hub = arg;
	int64_t now = clock_wall_ms(), next = 0;
	struct err err;

	for (struct agent *a = hub->agents; a; a = a->hh.next) {
		if (!a->stream || !a->not_after)
			continue;
		if (a->not_after <= now) {
			(void)err_set(&err, 0,
				"agent '%s': the certificate has expired",
				a->id);
			cut(a, err.text);
		} else if (!next || a->not_after < next) {
			next = a->not_after;
		}
	}
	if (next)
		loop_timer_set(hub->expiry,
			next - now < LOOK_MS ? next - now : LOOK_MS);
}

void
admit_until(struct agent *a, int64_t not_after)
{
	a->not_after = not_after;
	if (not_after)
		loop_timer_set(a->hub->expiry, 0); /* it finds the next one */
}
