/* hub.h - agents, their tasks, and everything that happens to a task
 *
 * The one writer of task records: API handlers ask, agents report, timers
 * fire, and the tables of core/task decide. Belongs to the loop's thread. */
#ifndef NODELINK_HUB_HUB_H
#define NODELINK_HUB_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/audit.h"
#include "auth/auth.h"
#include "base/err.h"
#include "loop/loop.h"
#include "metrics/metrics.h"
#include "rpc/rpc.h"
#include "store/store.h"
#include "store/task.h"
#include "wire/msg.h"

struct hub;

struct hub_conf {
	struct loop *loop;
	struct store *store;
	int64_t default_grace_ms; /* 10 s */
	int64_t default_start_timeout_ms; /* waiting for an agent */
	int64_t lost_after_ms; /* agent silent for longer */
	int64_t settled_after_ms; /* its plugins are known; 0: 4 s */
	uint64_t default_output_limit; /* bytes */
	uint64_t window; /* output a node may send ahead of its Ack */
	struct auth *auth; /* of agents; NULL: any id, no token */
	struct audit *audit; /* NULL: none */
	struct metrics *metrics; /* NULL: nothing is counted */
	/* The record is about to be stored with its end, or with the first
	 * request that it ends: fn may leave letters with it. NULL: nobody
	 * wants to know. */
	void (*tell)(void *arg, struct task *t);
	void *tell_arg;
};

int hub_new(const struct hub_conf *conf, struct hub **out, struct err *err);
void hub_free(struct hub *hub);

/* auth has changed: know the agents that may connect now, and end the streams
 * of those that may no longer. */
void hub_recheck_agents(struct hub *hub);

/* Give these to rpc_server_new() with the hub as arg. */
extern const struct rpc_server_ops hub_rpc_ops;

/* ------------------------------------------------------------------ agents */

struct hub_plugin {
	char name[33];
	bool up;
	bool draining; /* its executor is about to end */
	struct buf inventory; /* packed MSG_INVENTORY of its executor */
	char instance[40]; /* of that; a new one is another executor */
	struct hub_plugin *next;
	/* the hub's own */
	struct agent *agent;
	struct loop_timer *timer; /* down for too long */
};

struct agent_drain {
	int64_t since, until; /* wall ms; until 0: for ever */
	int64_t grace_ms;
	char *reason, *actor; /* own; reason may be NULL */
	struct loop_timer *timer;
};

struct agent {
	char id[ID_MAX];
	bool connected; /* and its Hello has come */
	char version[32], hostname[65], boot_id[40], peer[96]; /* "" unknown */
	int64_t connected_at, seen_at; /* wall ms */
	struct hub_plugin *plugins;
	unsigned n_tasks; /* unfinished */
	size_t task_bytes; /* that they ask for */
	unsigned n_unkillable; /* of them */
	struct agent_drain *drain; /* NULL: it takes tasks */
	/* the hub's own */
	struct hub *hub;
	struct auth_pass pass; /* that its stream came with */
	int64_t not_after; /* wall ms: its last certificate's; 0: none */
	struct rpc_stream *stream; /* NULL: not connected */
	bool settled; /* it has been here before: its plugins are known */
	bool missing; /* settled, and not all that tasks were given to */
	struct task *tasks; /* unfinished, oldest first */
	struct loop_timer *timer; /* Hello due, settled, missing, lost */
	struct pending_ack *acks; /* not sent yet */
	size_t n_acks, max_acks;
	struct loop_timer *ack_timer, *late_timer;
	bool paused; /* its stream: the store is full */
	struct {
		int64_t since_ms;
		unsigned n;
	} complaints[2]; /* complain.c */
	UT_hash_handle hh;
};

/* NULL: never heard of. */
struct agent *hub_agent(struct hub *hub, const char *id);
/* All of them, by id: hub_agents(hub, NULL), then with the last one. */
struct agent *hub_agents(struct hub *hub, const struct agent *after);
const struct hub_plugin *agent_plugin(const struct agent *a, const char *name);

struct hub_drain {
	int64_t timeout_ms; /* running tasks may go on so long; -1: for ever */
	int64_t grace_ms; /* then, as in hub_cancel */
	const char *reason; /* or NULL */
	const char *actor;
};

/* The agent gets no task until hub_undrain(), and those that it has are
 * cancelled (301) when their time is up. Again: the new terms hold; who is
 * being cancelled stays so. -ENOMEM: nothing has changed. */
int hub_drain(struct hub *hub, struct agent *a, const struct hub_drain *how);
void hub_undrain(struct agent *a);

/* ------------------------------------------------------------------- tasks */

struct hub_task {
	const char *agent_id;
	const char *plugin;
	const char *owner;
	const struct label *labels;
	size_t n_labels;
	const char *webhooks; /* as task.webhooks, or NULL */
	int64_t start_timeout_ms; /* -1: default */
	struct msg_start start; /* grace_ms -1: default; all copied */
	/* Before it is stored; negative: it is not made, for that reason. */
	int (*before)(void *arg, const struct task *t); /* or NULL */
	/* A key that came with the request, or NULL; it is stored with the
	 * task, and with it what answer() makes of the new record. */
	const char *key;
	uint8_t digest[STORE_DIGEST];
	int (*answer)(void *arg, const struct task *t, struct buf *out);
};

/* Stored before done() is called, which may be at once. r < 0: not created, or
 * not known (store.h); -EALREADY: the key is in use.
 * The caller has checked the fields; refused here, with text: -ENOENT no such
 * agent, -ENOTSUP it has no such plugin, -EMSGSIZE too large, -EAGAIN too many
 * unfinished tasks on it. */
typedef void hub_created_fn(void *arg, int r, struct task *t);
int hub_create(struct hub *hub, const struct hub_task *spec,
	hub_created_fn *done, void *arg, struct err *err);

/* By id, from memory or store, as store_got_fn says; done() may come at once.
 * A task that ends is shown when that is stored. */
void hub_get(struct hub *hub, const char *id, store_got_fn *done, void *arg);

/* Know the agents of an earlier server, and go on with the tasks that it left
 * unfinished. Once, before any agent can connect. */
int hub_recover(struct hub *hub);

struct hub_cancel {
	uint32_t code;
	const char *name; /* of REASON_SITE, else NULL */
	const char *reason; /* or NULL */
	const char *actor;
	int64_t grace_ms; /* -1: the task's own; 0: force */
};

/* Send the intent on, and store it. HUB_FINAL: it had already ended.
 * Otherwise 0, done(arg, 0) comes when it is stored, perhaps at once, and the
 * caller watches t for the end. While the store cannot write, done(arg,
 * -errno) comes at once: the cancel is on its way, but a restart of the server
 * would forget it. A second cancel joins the first and may only shorten the
 * grace. done may be NULL. */
enum { HUB_OK, HUB_FINAL };
int hub_cancel(struct hub *hub, struct task *t, const struct hub_cancel *how,
	store_done_fn *done, void *arg);

/* Unfinished tasks, oldest first: how many the filter means; the first max of
 * them in out, borrowed until something happens to one of them. */
size_t hub_match(struct hub *hub, const struct store_filter *filter,
	struct task **out, size_t max);

/* Counts for /healthz and metrics. */
struct hub_stats {
	size_t agents, agents_connected, tasks_live, tasks_stored;
	int trouble; /* of the store: 0 or -errno */
};
void hub_stats(const struct hub *hub, struct hub_stats *out);

#endif
