/* msg.h - the messages between server, uplink and executors, as C structs
 *
 * The only door to the protobuf types: everything above handles struct msg.
 * Text members are UTF-8 without NUL; an absent text is "", never NULL, after
 * msg_unpack(), and NULL is taken as "" by msg_pack(). Times are wall clock
 * milliseconds, 0 when the thing did not happen. */
#ifndef NODELINK_WIRE_MSG_H
#define NODELINK_WIRE_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"

enum msg_kind {
	/* to the executor (TaskRequest) */
	MSG_START,
	MSG_CANCEL,
	MSG_ACK,
	MSG_ATTACH,
	/* to the server (TaskResponse) */
	MSG_STARTED,
	MSG_OUTPUT,
	MSG_CANCEL_PHASE,
	MSG_RESULT,
	MSG_HELLO,
	MSG_INVENTORY,
	MSG_PLUGIN_DOWN,
	/* numbered, and of a kind that only a newer peer knows */
	MSG_UNKNOWN,
};

enum msg_stream {
	MSG_STDOUT = 1,
	MSG_STDERR = 2,
	MSG_HOOK = 3, /* what hooks print, stdout and stderr together */
};

enum msg_phase { /* of a cancel, as far as a node can tell */
	MSG_PHASE_NONE,
	MSG_PHASE_DELIVERED,
	MSG_PHASE_STOPPING,
	MSG_PHASE_KILLING,
	MSG_PHASE_UNKILLABLE,
	MSG_PHASE_VERIFIED,
};

enum msg_outcome { /* what `code` of a result means */
	MSG_EXITED, /* exit status */
	MSG_SIGNALED, /* signal number */
	MSG_NOT_STARTED, /* errno, or 0 when it was cancelled before */
	MSG_LOST,
};

struct msg_param {
	const char *name;
	const char *const *values;
	size_t n_values;
};

struct msg_env {
	const char *name;
	const char *value;
};

struct msg_limits { /* 0: none */
	uint64_t pids; /* processes and threads at a time */
	uint64_t memory; /* bytes */
	uint32_t cpu_milli; /* thousandths of one processor */
	uint64_t open_files, file_size; /* of each process; each file, bytes */
};

enum msg_when { MSG_ALWAYS, MSG_CANCELLED, MSG_FAILED };

enum msg_seccomp { /* which filter of system calls a task wants */
	MSG_SECCOMP_ANY, /* as the node likes */
	MSG_SECCOMP_DEFAULT, /* the node's profile */
	MSG_SECCOMP_NONE,
};

struct msg_hook { /* a command line for /bin/sh */
	const char *cmd; /* NULL or "": none */
	enum msg_when when; /* of cleanup */
	int64_t timeout_ms; /* 0: the node's default */
};

struct msg_start {
	const struct msg_param *params;
	size_t n_params;
	const struct msg_env *env;
	size_t n_env;
	uint32_t attempt;
	int64_t timeout_ms; /* 0: none */
	int64_t grace_ms; /* 0: the node's default; -1: none */
	uint32_t stop_signal; /* 0: SIGTERM */
	uint64_t output_limit; /* 0: none */
	uint64_t window;
	bool wait_orphans; /* else they are killed */
	bool strict; /* refuse it where containment is not complete */
	int64_t idle_timeout_ms; /* without output; 0: none */
	const char *user; /* "": the node's default */
	struct msg_limits limits;
	struct msg_hook pre_stop;
	const struct msg_hook *cleanup; /* in order; at most LIMIT_HOOKS */
	size_t n_cleanup;
	enum msg_seccomp seccomp;
};

struct msg_cancel {
	const char *reason;
	uint32_t code;
	const char *name;
	const char *actor;
	int64_t grace_ms; /* -1: the task's own */
	int64_t requested_at;
};

struct msg_ack {
	uint64_t seq;
	uint64_t window;
	bool final;
};

struct msg_started {
	int64_t at;
	int64_t pid;
	const char *containment;
	int64_t grace_ms;
	const char *user;
	struct msg_limits limits; /* in force */
	int64_t timeout_ms; /* effective; 0: none */
	const char *seccomp; /* in force: "default", "none"; "": not said */
};

struct msg_output {
	enum msg_stream stream;
	const uint8_t *data;
	size_t len;
};

struct msg_cancel_phase {
	enum msg_phase phase;
	const char *message;
	int64_t at;
	uint32_t code; /* why; 0: not said */
	const char *reason, *actor;
};

struct msg_survivor {
	int64_t pid;
	const char *name;
};

struct msg_receipt {
	uint32_t code;
	const char *name, *reason, *actor;
	int64_t requested_at, delivered_at, signalled_at, killed_at,
		verified_at;
	const char *const *signals;
	size_t n_signals;
	const struct msg_survivor *killed;
	size_t n_killed;
	uint32_t survivors;
	const char *containment;
};

struct msg_hook_run {
	const char *kind; /* pre_stop, defer, cleanup */
	const char *cmd; /* its beginning, when it is long */
	enum msg_outcome outcome;
	int32_t code; /* as of a result */
	bool timed_out;
	int64_t started_at, duration_ms;
};

struct msg_result {
	bool ok; /* status COMPLETED, else FAILURE */
	bool cancelled; /* then receipt is set */
	enum msg_outcome outcome;
	int32_t code;
	const char *failure;
	const char *message;
	const char *rule; /* of a refusal: the node's setting that forbids it */
	int64_t started_at, ended_at;
	uint64_t stdout_bytes, stderr_bytes, dropped_bytes;
	const struct msg_receipt *receipt; /* or NULL */
	const struct msg_hook_run *hooks; /* that have run, in that order */
	size_t n_hooks;
};

struct msg_hello {
	const char *version;
	const char *boot_id;
	const char *hostname;
};

struct msg_field {
	const char *name;
	const char *type;
	bool required, list, secret;
	const char *fallback;
	const char *help;
};

struct msg_held {
	const char *task_id;
	uint64_t last_seq;
	bool ended;
};

struct msg_limit_kind {
	const char *name; /* "pids", "memory", ... as in the API */
	const char *by; /* "cgroup2", "cgroup1", "rlimit" */
};

struct msg_inventory {
	const char *instance;
	const char *version;
	const char *summary;
	const char *containment;
	const struct msg_field *params;
	size_t n_params;
	const struct msg_held *tasks;
	size_t n_tasks;
	const struct msg_limit_kind *limits; /* what it can enforce */
	size_t n_limits;
	bool complete; /* no process can leave the containment */
	bool draining; /* it ends when its tasks have */
	const char *seccomp; /* "none", "default", "required"; "": older */
	bool partial; /* an executor beside it has not said its own */
	const char *draining_reason; /* for people; "": not said */
};

struct msg {
	enum msg_kind kind;
	const char *agent_id;
	const char *task_id;
	const char *plugin;
	const char *instance; /* of a start, a cancel: which executor of the
				 plugin it is for; "": any. Else not used */
	uint64_t seq; /* of responses about a task */
	union {
		struct msg_start start;
		struct msg_cancel cancel;
		struct msg_ack ack;
		struct msg_started started;
		struct msg_output output;
		struct msg_cancel_phase cancel_phase;
		struct msg_result result;
		struct msg_hello hello;
		struct msg_inventory inventory;
		struct {
			const char *reason;
		} plugin_down;
	};
};

/* Append the message's bytes to out. 0, -ENOMEM, or -EMSGSIZE when it is
 * larger than LIMIT_MESSAGE. For kind MSG_START the plugin's name picks the
 * form: "shell" travels as ShellExecute, "docker" as DockerOperation, others
 * as PluginTask; the receiver sees params either way. */
int msg_pack(const struct msg *msg, struct buf *out);
/* Make a packed start of none one for that instance. 0, -ENOMEM; -EMSGSIZE:
 * there is no room for it, and nothing has changed. */
int msg_address(struct buf *start, const char *instance);

/* Which way the bytes travel: they carry no type of their own. */
enum msg_way { MSG_TO_AGENT, MSG_TO_SERVER };

/* Parse and check: ids and plugin names for form, text for UTF-8, lists for
 * their limits. *out owns all that its msg points to. -EBADMSG with text for
 * what is malformed. A well-formed message of an unknown kind (a newer peer)
 * is -EOPNOTSUPP and should be ignored; a numbered response of that sort is
 * MSG_UNKNOWN, because its number counts. */
struct msg_box;
int msg_unpack(enum msg_way way, const uint8_t *data, size_t len,
	struct msg_box **out, struct err *err);
const struct msg *msg_get(const struct msg_box *box);
void msg_free(struct msg_box *box);
AUTO_DEFINE(struct msg_box *, msg_free)

#endif
