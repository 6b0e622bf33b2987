/* fit.c - how many connections there may be with the files that may be open
 *
 * Both ports take descriptors, and the agents' may have more than its limit for
 * a moment (core/rpc/crowd.h): without any left gRPC listens no more. */
#include <stdint.h>
#include <sys/resource.h>

#include "base/log.h"
#include "settings.h"

enum {
	SPARE = 256, /* for databases, certificates, and what libraries open */
	USUAL = 1024, /* when the kernel does not say */
	BURST = 4096, /* that may come to the agents' port at once, at most */
};

static unsigned
at_most(unsigned n, uint64_t most)
{
	if (n <= most)
		return n;
	return most ? (unsigned)most : 1;
}

void
settings_fit(struct settings *s)
{
	struct rlimit files = { .rlim_cur = USUAL };
	unsigned clients = s->max_connections;
	unsigned agents = s->max_agent_connections;
	uint64_t room;

	(void)getrlimit(RLIMIT_NOFILE, &files); /* else the usual number */
	room = files.rlim_cur > 2 * SPARE ? files.rlim_cur - SPARE
					  : files.rlim_cur / 2;
	if ((uint64_t)clients + agents + BURST > room) {
		clients = at_most(clients, room / 2);
		room -= clients;
		agents = at_most(
			agents, room > 2 * BURST ? room - BURST : room / 2);
	}
	if (clients < s->max_connections || agents < s->max_agent_connections)
		log_info("%llu files may be open: %u connections of clients "
			 "and %u of agents",
			(unsigned long long)files.rlim_cur, clients, agents);
	s->max_connections = clients;
	s->max_agent_connections = agents;
	if (!s->max_agents_per_address) /* nobody takes all of it */
		s->max_agents_per_address = (agents + 1) / 2;
}
