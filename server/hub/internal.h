/* internal.h - what the files of the hub share
 *
 *	hub.c		life of the hub, agents by id
 *	admit.c		which agents may be connected
 *	agents.c	streams: hello, loss
 *	inventory.c	what executors hold against what we believe
 *	create.c	new tasks
 *	tasks.c		dispatch, end
 *	drain.c		agents that are to have no new tasks
 *	recover.c	tasks of an earlier server
 *	cancel.c	the intent to end a task
 *	report.c	what nodes say about tasks
 *	complain.c	what is wrong with that, in the log
 *	count.c		what is counted, for /metrics
 *	acks.c		telling nodes what they may forget */
#ifndef NODELINK_HUB_INTERNAL_H
#define NODELINK_HUB_INTERNAL_H

#include "hub/count.h"
#include "hub/hub.h"

struct hub {
	struct hub_conf conf;
	struct agent *agents;
	struct task *live; /* unfinished, by id */
	size_t n_connected;
	struct loop_timer *expiry; /* the next certificate to end */
	struct rates *noise; /* what a peer may have us log, by address */
	struct hub_counts counts;
};

/* hub.c */
struct agent *hub_agent_make(struct hub *hub, const char *id);
struct hub_plugin *hub_plugin_find(const struct agent *a, const char *name);
struct task *hub_live(struct hub *hub, const char *id);

/* admit.c: 0, or -EACCES with text, and it was told and noted. */
int admit_check(struct hub *hub, const struct rpc_hello *hello,
	struct auth_pass *pass, struct err *err);
/* What a peer makes happen is told only so often. */
bool admit_tells(struct hub *hub, const struct rpc_hello *hello);
void admit_note(struct hub *hub, const struct rpc_hello *hello,
	enum audit_decision decision, const char *reason);
/* The agent's stream may last until then; wall ms, 0: for ever. */
void admit_until(struct agent *a, int64_t not_after);
void admit_tick(void *hub);

/* agents.c: send to the agent's present stream; RPC_GONE: it has none. */
int agent_send(struct agent *a, const struct msg *msg, bool must);
/* End its stream; there has to be one. */
void agent_drop(struct agent *a, enum rpc_status status, const char *text);
/* The agent has a timer; when it is not connected it may be lost. -ENOMEM. */
int agent_expect(struct agent *a);
/* The store is full: no more of this one; it has room: go on with all. */
void agent_pause(struct agent *a);
void agents_resume(void *hub);

/* create.c: "agent 'a' has no plugin 'x'; it has: ..." */
int no_plugin(const struct agent *a, const char *plugin, struct err *err);
/* It is, or is no longer, one that the agent has to do. */
void task_count(struct agent *a, const struct task *t);
void task_uncount(struct agent *a, const struct task *t);
/* The task is among the unfinished ones. */
void task_enlist(struct hub *hub, struct task *t, struct agent *a);
void task_start_timed_out(void *task);

/* tasks.c */
/* RPC_OK; RPC_FULL: it is tried again when the stream is writable; else the
 * next inventory asks for it. */
int task_dispatch(struct hub *hub, struct task *t);
/* It is going to this executor; to be stored before it is sent. */
void
task_place(struct task *t, const struct agent *a, const struct hub_plugin *p);
void task_dispatch_all(struct agent *a); /* the pending ones */
/* Pending ones for plugins that the agent turns out not to have. */
void task_refuse_unplaced(struct agent *a);
/* Those that an executor was given of a plugin that the agent does not show,
 * all since an earlier server: are there any; they are lost. */
bool task_any_unshown(const struct agent *a);
void task_lose_unshown(struct agent *a);
/* The record has changed: stored, and told to the watches then. */
void task_save(struct hub *hub, struct task *t);
/* store_listen(): what the node may forget, and who is told. */
void task_stored(void *hub, struct task *t);
/* seq: of the node's response that it is about, 0: we say it. */
void task_note(struct hub *hub, struct task *t, uint64_t seq, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));
/* The end: nothing changes any more. status was moved already. It is said to
 * nobody before it is stored. */
void task_end(struct hub *hub, struct task *t, const char *failure,
	const char *message);
void task_lose(struct hub *hub, struct task *t, const char *failure,
	const char *message);
/* A cancel has begun, or the end has come, and is not stored yet. */
void task_tell(struct hub *hub, struct task *t);

/* drain.c */
void drain_free(struct agent_drain *d);

/* cancel.c */
void task_send_cancel(struct task *t);

/* inventory.c; came: 0 or -ENOMEM, and then it must come again. */
int inventory_came(struct agent *a, const struct msg *msg);
void inventory_gone(struct agent *a, const char *plugin, const char *why);
void inventory_free(struct agent *a);
/* It runs there and is unknown or ended here: it is to stop, and what it says
 * is not wanted. */
void inventory_stop(struct agent *a, const char *task_id, const char *plugin);
/* If the task was given up, whoever is there and has it is to stop. */
void inventory_recall(const struct task *t);

/* acks.c: ack_final() is for a stored result and goes out soon, ack_late() for
 * all else that is stored of the agent's tasks, within half a second. */
void ack_now(struct agent *a, const char *task_id, const char *plugin,
	const struct msg_ack *ack);
void ack_final(
	struct agent *a, const char *task_id, const char *plugin, uint64_t seq);
void ack_late(struct agent *a);
void acks_drop(struct agent *a);
void acks_free(struct agent *a);

/* complain.c: to the log, but not endlessly. What ends a stream is not drowned
 * by the rest. */
enum complaint { COMPLAINT_DROPPED, COMPLAINT_CLOSED };
void agent_complain(struct agent *a, enum complaint kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* report.c: 0; REPORT_GAP: numbers are missing, the stream must begin anew;
 * REPORT_TOO_MUCH: output beyond window or output_limit; -errno: cannot be
 * stored now. */
enum { REPORT_OK, REPORT_GAP, REPORT_TOO_MUCH };
int report_came(struct agent *a, const struct msg *msg, const uint8_t *packed,
	size_t len);
/* Say what is stored of the task and how far its output may go. */
void report_ack(struct task *t);
/* What that says, for who says it now. */
struct msg_ack report_take_ack(struct task *t);
/* More of it is stored: say so, if the node could be waiting for it. */
void report_stored(struct task *t);

#endif
