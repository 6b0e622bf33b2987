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

/* Agents first: one that finds no room is a node that nobody reaches. What they
 * leave is the clients', and some is in any case. */
static void
share(struct settings *s, uint64_t room)
{
	room -= room > 4 * (uint64_t)BURST ? BURST : room / 4;
	s->max_agent_connections =
		at_most(s->max_agent_connections, room / 4 * 3);
	s->max_connections =
		at_most(s->max_connections, room - s->max_agent_connections);
}

void
settings_fit(struct settings *s)
{
	struct rlimit files = { .rlim_cur = USUAL };
	const unsigned clients = s->max_connections;
	const unsigned agents = s->max_agent_connections;
	uint64_t room;

	(void)getrlimit(RLIMIT_NOFILE, &files); /* else the usual number */
	room = files.rlim_cur > 2 * SPARE ? files.rlim_cur - SPARE
					  : files.rlim_cur / 2;
	if ((uint64_t)clients + agents + BURST > room)
		share(s, room);
	if (!s->max_agents_per_address) /* nobody takes all of it */
		s->max_agents_per_address = (s->max_agent_connections + 1) / 2;
	if (s->max_agent_connections < agents)
		log_warn(0,
			"only %llu files may be open (LimitNOFILE): %u "
			"connections of agents, %u of them from one address, "
			"and %u of clients",
			(unsigned long long)files.rlim_cur,
			s->max_agent_connections,
			at_most(s->max_agents_per_address,
				s->max_agent_connections),
			s->max_connections);
	else if (s->max_connections < clients)
		log_info("%llu files may be open: %u connections of clients",
			(unsigned long long)files.rlim_cur, s->max_connections);
}
