/* task.h - the state of one task, shared by the executor's own files
 *
 * A task is STARTING inside the plugin's start(), RUNNING until its outcome
 * is known, SETTLING until no process of it is left, CLEANING until its hooks
 * have run and its output is complete, and ENDED when its result is in the
 * outbox. It is forgotten when the server has acknowledged that. */
#ifndef NODELINK_EXECUTOR_TASK_H
#define NODELINK_EXECUTOR_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/id.h"
#include "base/limits.h"
#include "executor/end.h"
#include "executor/executor.h"
#include "executor/fields.h"
#include "executor/hold.h"
#include "executor/outbox.h"
#include "executor/watchdog.h"
#include "proc/child.h"
#include "proc/group.h"
#include "proc/user.h"
#include "wire/link.h"

enum {
	/* What fits in one inventory message, with ids of full length. */
	EXECUTOR_TASKS = 12000,
	/* With those that only wait for their ack, refused ones, say: more than
	 * an honest server has here at a time. */
	EXECUTOR_MEMORY = 2 * EXECUTOR_TASKS,
	STRANGER_MS = 2000, /* for output held by processes not of the task */
};

enum work_state {
	WORK_STARTING,
	WORK_RUNNING,
	WORK_SETTLING,
	WORK_CLEANING,
	WORK_ENDED,
};

/* One pipe that becomes output. */
struct pump {
	struct pump *next;
	struct task *task;
	struct loop_watch *watch;
	int fd;
	enum msg_stream stream;
	bool last_gulp; /* only what is in the pipe: `left` bytes */
	size_t left;
};

/* One spawned program and the group it leads. What else is in that group when
 * the leader is dead is the hold's business. */
struct child {
	UT_hash_handle hh; /* by leader, until gone */
	struct child *next;
	struct task *task;
	int64_t id;
	bool gone; /* the leader is reaped */
	struct group group;
	int wait_fd; /* tells of the leader's end; not ours */
	struct death *death;
	struct child_exit exit;
	void (*on_exit)(void *arg, const struct ndl_exit *how);
	void *arg;
};

enum { FAILURE_MAX = 32, RULE_MAX = 64 };

/* stop_deadline stands from the first step on. */
enum stop_step {
	STOP_NONE,
	STOP_HOOK, /* pre_stop runs */
	STOP_GRACE, /* stop signal sent */
	STOP_KILLED,
};

enum { CANCEL_SIGNALS = 8, CANCEL_KILLED = 64 };

/* A cancellation, whoever asked; becomes the receipt. */
struct cancel {
	uint32_t code;
	const char *name, *reason, *actor; /* in `text` */
	int64_t requested_at, delivered_at, signalled_at, killed_at;
	const char *signals[CANCEL_SIGNALS]; /* static text */
	size_t n_signals;
	struct group_member *killed; /* what needed SIGKILL */
	size_t n_killed;
	bool by_plugin; /* its hook said that it stops the task */
	bool stuck; /* it said that this cannot be done now */
	bool too_late; /* nothing of it reached the task */
	char text[];
};

struct task {
	UT_hash_handle hh;
	struct executor *ex;
	char id[ID_MAX];
	uint32_t attempt;
	enum work_state state;
	bool announced; /* Started is in the outbox */
	bool started; /* the plugin accepted it: reap() is owed */
	bool reaping;
	bool wait_orphans;
	bool lost;
	bool abandoned; /* of a dead executor: only its hooks are left */
	void *work; /* the plugin's */
	struct fields *params;
	char **env; /* one block, ended by NULL */
	const struct user *user; /* that it runs as; NULL: refused before */
	const struct spawn_filter *filter; /* of system calls; NULL: none */

	int64_t grace_ms, timeout_ms, idle_ms;
	int64_t begun_ms, heard_ms; /* clock_ms() of start and last output */
	int stop_signal;
	struct loop_timer *alarm; /* the next deadline, whatever it is */
	void (*on_alarm)(struct task *task);

	enum stop_step stop; /* of what is left of the task */
	int64_t stop_deadline; /* clock_ms() */
	int64_t killed_ms; /* clock_ms() of the first SIGKILL */
	bool unkillable; /* reported */
	size_t left_killed; /* processes that outlived its end and the grace */
	struct cancel *cancel;

	struct hooks *hooks; /* NULL: none */
	int defer_fd; /* -1: none */

	struct child *children;
	struct hold *hold; /* once it has programs */
	struct msg_limits limits; /* in force */
	bool asks_pids; /* else the number is the default */
	struct pump *pumps;
	struct handle *handles; /* timers and watches of the plugin */
	struct outbox out;
	uint64_t window, produced, dropped, output_limit;
	uint64_t stream_bytes[3]; /* stdout, stderr, hooks */
	bool full; /* a pump or emit() waits for the window or for memory */
	bool want_drained[2];

	/* The result, when SETTLING. */
	enum msg_outcome outcome;
	int32_t code;
	const char *failure; /* NULL: as outcome and code say */
	char own_failure[FAILURE_MAX]; /* named by the plugin */
	char rule[RULE_MAX]; /* that forbids it, or "" */
	char *message;
	int64_t started_at, verified_at;
};

struct executor {
	struct loop *loop;
	const struct plugin *plugin;
	struct executor_options opt;
	void *self; /* the plugin's */
	struct fields *settings;
	struct watchdog *watchdog;
	char instance[ID_MAX];
	struct users *users; /* that tasks may run as */
	struct seccomp *seccomp;
	int null_fd;
	struct scratch *scratch;

	struct task *tasks; /* by id */
	struct task *abandoned; /* by id; of dead executors */
	struct remains *remains; /* of their tasks */
	size_t running; /* not ENDED */
	struct tombs *tombs;
	struct starts *starts; /* not begun yet */
	bool ready; /* the plugin is initialised */
	bool retired; /* another executor has the new tasks */
	bool draining; /* asked to stop, and waiting for tasks first */
	bool crowded; /* it did not take something, and that was said */
	bool stopping, failed;
	int64_t hooks_until; /* clock_ms(), when stopping */
	struct loop_timer *later; /* posts on_stopped and on_failure */

	struct link *link;
	bool attached; /* the link has had the inventory */
	bool asked; /* for it, and will get it when no remains are there */
	struct task *waiting, **last_waiting; /* for room on the link */
	struct task *lazy; /* they wait for more to say, a little */
	struct loop_timer *lazy_timer;
	size_t held; /* bytes in all outboxes, in memory */
	bool starved; /* some task waits for `held` to fall */
	bool stalled; /* attached, but the server does not acknowledge */
	bool heard; /* an acknowledgement, since stall_timer was set */
	struct loop_timer *stall_timer;
	struct spool *spool;
	struct loop_timer *spool_timer; /* runs: the disk takes nothing */
	bool spool_ill; /* and that was said */
	struct buf pack; /* scratch of outbox.c */
	uint8_t *io; /* scratch of output.c, LIMIT_OUTPUT_CHUNK bytes */

	struct ndl_host_box *host;
	struct child *leaders; /* by pid */
	struct hook *hooks; /* that run, by pid */
	struct turns *hook_turns; /* starts have others: these come first */
	struct orphans *orphans;
	struct holds *holds;
	int64_t last_id; /* of children, timers and watches */
	struct handle *handles; /* by id */
};

/* ------------------------------------------------------------- session.c */

/* One payload from the uplink. */
void session_frame(struct executor *ex, const uint8_t *payload, size_t len);
/* The link is gone, or has another end that has not asked for anything. */
void session_detached(struct executor *ex);
/* No remains are there any more: the inventory that was asked for. */
void session_attach(struct executor *ex);
/* Tell the server what we have, if it is there. */
void session_inventory(struct executor *ex);
/* A task was forgotten: is it time for what was not taken? */
void session_made_room(struct executor *ex);
/* Output goes nowhere for now: not attached, or no acknowledgement comes. */
bool session_is_away(const struct executor *ex);
/* A task waits for an acknowledgement: notice it when none comes. */
void session_watch(struct executor *ex);
/* That timer; arg is the executor. */
void session_stall_due(void *arg);

/* --------------------------------------------------------------- start.c */

/* Who it runs as, and its environment. 0 or -errno with text. */
int
task_identify(struct task *task, const struct msg_start *how, struct err *err);
/* A START for an id we do not have. Always ends in a result sometime. */
void
task_start(struct executor *ex, const char *id, const struct msg_start *how);
/* The result of a task that never ran, after a cancel. */
void
task_never(struct executor *ex, const char *id, struct cancel *take_cancel);
void task_refuse(struct executor *ex, const char *id, const char *why);

/* ---------------------------------------------------------------- task.c */

struct task *task_find(const struct executor *ex, const char *id);
/* "n of what has happened beside", added to the message of its result. */
void task_note_count(
	struct task *task, uint64_t n, const char *one, const char *many);
/* Tell the server that it runs; only the first call counts. */
void task_announce(struct task *task, pid_t pid);
/* The outcome is known. `failure` is static text, the task's, or NULL. */
void task_finish(struct task *task, enum msg_outcome outcome, int32_t code,
	const char *failure, const char *message);
/* By a cancel that was not too late. */
bool task_is_cancelled(const struct task *task);
/* Exit status 0, or what the plugin says is as good. */
bool task_is_ok(const struct task *task);
/* Its result, as far as it is known, goes out. */
void task_report(struct task *task);
/* The same, and it is ENDED; what it held was released before. */
void task_end(struct task *task);
void task_release(struct task *task);
/* No process of it is left: its hooks begin. */
void task_clean(struct task *task);
/* Something of the task has changed: is it over? */
void task_advance(struct task *task);
/* Forget it: acknowledged, or the executor ends. */
void task_drop(struct task *task);
/* One at a time, and the newest wins. Whose it is: while RUNNING the time
 * limits'; from the first step of a cancel on the ladder's; of what is left
 * over at the end task.c's; then that of its output. Hooks have their own. */
void
task_alarm(struct task *task, int64_t delay_ms, void (*fn)(struct task *task));
void task_alarm_off(struct task *task);
/* The alarm for run time and silence, whichever is over first. */
void task_watch_time(struct task *task);

/* -------------------------------------------------------------- launch.c */

/* All but program, folder and descriptors of a spawn for the task: its user,
 * environment and limits of each process. */
void launch_init(const struct task *task, struct spawn *out);
/* ndl_host.spawn: id or -errno; a failure is remembered for the result. */
int64_t child_spawn(struct task *task, const struct ndl_spawn *how);

/* --------------------------------------------------------------- child.c */

/* A program that runs, its group and wait_fd set, becomes one of the task's and
 * gets its id. -ENOMEM: it is the task's, but its end will not be seen. */
int child_adopt(struct task *task, struct child *child);
void child_free(struct child *child);
struct child *child_find(const struct task *task, int64_t id);
/* Look now instead of waiting for the event. True when it was found dead; the
 * callback for that has run. */
bool child_check(struct child *child);
/* Leaders reaped, and nobody left of the rest. While that is not so,
 * task_advance() comes; once it is, no more: then it is the caller's to call. */
bool child_all_gone(struct task *task);
/* Who is left. How many were written. */
size_t child_list(struct task *task, struct group_member *out, size_t max);
/* To the groups of those leaders that are left, and to everybody else who is.
 * Is anybody? */
bool child_signal_all(struct task *task, int signo);
/* SIGKILL to the same, and again until nobody is left. */
bool child_kill_all(struct task *task);
void child_free_all(struct task *task);

/* -------------------------------------------------------------- cancel.c */

/* A request for a task we have. */
void cancel_request(struct task *task, const struct msg_cancel *why);
/* The run time is over. */
void cancel_timeout(struct task *task);
/* No output for too long. */
void cancel_idle(struct task *task);
/* The pre_stop hook has ended. */
void cancel_pre_stopped(struct task *task);
/* Finished, but processes of it are left. */
void cancel_leftovers(struct task *task);
/* The plugin cannot end it now, and says why. */
void cancel_stuck(struct task *task, const char *text);
void cancel_verified(struct task *task); /* its result is not due yet */
/* These are alive after SIGKILL: report it when it is too long. */
void cancel_unkillable(
	struct task *task, const struct group_member *alive, size_t n);

/* ------------------------------------------------------------- receipt.c */

struct cancel *cancel_new(const struct msg_cancel *why);
void cancel_free(struct cancel *c);
AUTO_DEFINE(struct cancel *, cancel_free)
/* Receipt of a verified end; its arrays are the task's, or in killed. */
void cancel_receipt(const struct task *task, struct msg_receipt *out,
	struct msg_survivor killed[CANCEL_KILLED]);

/* -------------------------------------------------------------- output.c */

int
output_emit(struct task *task, unsigned stream, const void *data, size_t len);
int output_pump(struct task *task, enum msg_stream stream, int take_fd);
/* The window or memory has room again. */
void output_resume(struct task *task);
/* All tasks; arg is the executor. */
void output_resume_all(void *arg);
/* Every process of the task is gone: read what is left. True when all pipes
 * are at their end. */
bool output_settle(struct task *task);
/* The hooks' pipe has all that they have printed. */
void output_hooks_over(struct task *task);
/* Is something to be read, or waiting for room? */
bool output_is_waiting(const struct task *task);
void output_free(struct task *task);

/* -------------------------------------------------------------- outbox.c */

/* Number the message, keep it, and send it when a connection takes it. */
void outbox_add(struct task *task, struct msg *msg);
/* The server has stored everything up to seq. */
void outbox_ack(struct task *task, uint64_t seq);
/* The window has grown. */
void outbox_go_on(struct task *task);
/* While the server is away: is there memory for one more piece of output, after
 * moving what is held to the spool where that is needed? When the disk does not
 * take it, output_resume_all() comes. */
bool outbox_spool(struct task *task);
/* A new connection: everything is unsent. */
void outbox_rewind(struct executor *ex);
/* The link takes more. */
void outbox_send(struct executor *ex);
/* Send what waited for company; arg is the executor. */
void outbox_hurry(void *arg);
void outbox_free(struct task *task);

/* ---------------------------------------------------------------- host.c */

int host_new(struct executor *ex);
const struct ndl_host *host_table(const struct executor *ex);
void host_free(struct executor *ex);
struct ndl_task *host_task(struct task *task);

/* ------------------------------------------------------------- handles.c */

/* The plugin's timers and watches; task may be NULL. Id or -errno. */
int64_t handle_timer(struct executor *ex, struct task *task, int64_t delay_ms,
	ndl_fn *fn, void *arg);
int64_t handle_watch(struct executor *ex, struct task *task, int fd,
	unsigned events, ndl_fd_fn *fn, void *arg);
int handle_rewatch(struct executor *ex, int64_t id, unsigned events);
void handle_drop(struct executor *ex, int64_t id);
/* All of a task's, or with NULL those of none. */
void handle_drop_all(struct executor *ex, struct task *task);

#endif
