/* core.c - the gRPC library of a process: start, log, completion queues */
#include "rpc/core.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <grpc/support/log.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "rpc/rpc.h"

#if defined(__has_feature)
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_THREAD__) || HAS_FEATURE(thread_sanitizer)
#define WITH_TSAN 1
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
#else
#define WITH_TSAN 0
#endif
#if WITH_TSAN || defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define WITH_SANITIZER 1
#else
#define WITH_SANITIZER 0
#endif

struct rpc_queue {
	grpc_completion_queue *cq;
	pthread_t thread;
	bool drained;
};

/* One per process by gRPC's nature. */
static pthread_mutex_t process_lock = PTHREAD_MUTEX_INITIALIZER;
static bool started;
static struct rpc_queue *shared;
static unsigned shared_users;

/* --------------------------------------------------------------------- log */

static _Thread_local struct err *log_capture;

void
rpc_log_capture_begin(struct err *err)
{
	err->text[0] = '\0';
	log_capture = err;
}

void
rpc_log_capture_end(void)
{
	log_capture = NULL;
}

/* A peer can make gRPC log as often as it likes (each failed handshake). */
static bool
log_allowed(void)
{
	enum { LINES_PER_SECOND = 20 };
	static atomic_llong second;
	static atomic_int lines;
	long long now = clock_ms() / 1000;

	if (atomic_exchange(&second, now) != now)
		atomic_store(&lines, 0);
	return atomic_fetch_add(&lines, 1) < LINES_PER_SECOND;
}

static rpc_trouble_fn *on_trouble;

void
rpc_on_trouble(rpc_trouble_fn *fn)
{
	on_trouble = fn;
}

/* Not even one line for each second and peer. */
static void
tell_trouble(const char *text)
{
	static atomic_llong told_ms;
	static atomic_uint left_out;
	long long before = atomic_load(&told_ms), now = clock_ms();

	if ((before && now - before < 1000) ||
		!atomic_compare_exchange_strong(&told_ms, &before, now))
		atomic_fetch_add(&left_out, 1);
	else
		on_trouble(text, atomic_exchange(&left_out, 0));
}

static pthread_mutex_t deaf_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rpc_deaf *deaf;

void
rpc_deaf_follow(struct rpc_deaf *d)
{
	pthread_mutex_lock(&deaf_lock);
	if (!deaf)
		deaf = d;
	pthread_mutex_unlock(&deaf_lock);
}

void
rpc_deaf_unfollow(struct rpc_deaf *d)
{
	pthread_mutex_lock(&deaf_lock);
	if (deaf == d)
		deaf = NULL;
	pthread_mutex_unlock(&deaf_lock);
	loop_unpost(d->loop, &d->item);
}

static void
tell_deaf(const char *text)
{
	pthread_mutex_lock(&deaf_lock);
	if (deaf && !deaf->told) {
		deaf->told = true;
		(void)snprintf(deaf->why, sizeof deaf->why, "%s", text);
		loop_post(deaf->loop, &deaf->item);
	}
	pthread_mutex_unlock(&deaf_lock);
}

static void
log_line(gpr_log_func_args *args)
{
	if (strncmp(args->message, "Failed accept", 13) == 0)
		tell_deaf(args->message);
	if (on_trouble && !log_capture &&
		args->severity == GPR_LOG_SEVERITY_ERROR)
		tell_trouble(args->message);
	if (log_capture)
		(void)snprintf(log_capture->text, sizeof log_capture->text,
			"%s", args->message); /* cut is fine */
	if (log_allowed())
		log_debug("gRPC %s:%d: %s", args->file, args->line,
			args->message);
}

/* ------------------------------------------------------------------- start */

/* Debian's abseil is built with its deadlock detector on, which costs more
 * than half of the time of a new connection. Absent elsewhere: fine. */
static void
stop_deadlock_detector(void)
{
	void (*set_mode)(int);

	*(void **)&set_mode = dlsym(RTLD_DEFAULT,
		"_ZN4absl7debian329SetMutexDeadlockDetectionModeENS0_"
		"15OnDeadlockCycleE");
	if (set_mode)
		set_mode(0); /* kIgnore */
}

/* TLS 1.2 has no use here, and gRPC no setting to say so: of its ciphers it is
 * left one for keys that were agreed on before, which nobody has. Those of TLS
 * 1.3 are not affected. */
static void
leave_only_tls13(void)
{
	(void)setenv("GRPC_SSL_CIPHER_SUITES", "PSK-AES256-GCM-SHA384", 1);
}

/* gRPC's threads inherit the mask: signals stay with the program's own. */
static void
block_signals(sigset_t *before)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, before);
}

static void
restore_signals(const sigset_t *before)
{
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* gRPC stays initialised until the process ends: shutting it down can block
 * for ten seconds. Leak checkers need it, and before OpenSSL's exit handlers. */
static void
start_grpc(void)
{
	sigset_t before;

	pthread_mutex_lock(&process_lock);
	if (!started || WITH_SANITIZER) {
		gpr_set_log_function(log_line);
		leave_only_tls13();
		stop_deadlock_detector();
		block_signals(&before);
		grpc_init();
		restore_signals(&before);
		started = true;
	}
	pthread_mutex_unlock(&process_lock);
}

static void
stop_grpc(void)
{
	if (WITH_SANITIZER)
		grpc_shutdown_blocking();
}

/* -------------------------------------------------------------- operations */

void
rpc_op_handover(struct rpc_op *op)
{
#if WITH_TSAN
	__tsan_release(op);
#else
	(void)op;
#endif
}

void
rpc_batch(grpc_call *call, const grpc_op *ops, size_t n, struct rpc_op *op)
{
	grpc_call_error e;

	rpc_op_handover(op);
	e = grpc_call_start_batch(call, ops, n, op, NULL);
	assert(e == GRPC_CALL_OK);
	(void)e;
}

/* ------------------------------------------------------------------ queues */

static void *
run_queue(void *arg)
{
	struct rpc_queue *q = arg;

	for (;;) {
		grpc_event ev = grpc_completion_queue_next(
			q->cq, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
		struct rpc_op *op = ev.tag;

		if (ev.type != GRPC_OP_COMPLETE)
			return NULL; /* shut down and empty */
#if WITH_TSAN
		__tsan_acquire(op);
#endif
		op->done(op, ev.success != 0);
	}
}

struct rpc_queue *
rpc_queue_new(struct err *err)
{
	struct rpc_queue *q = calloc(1, sizeof *q);
	sigset_t before;
	int r;

	if (!q) {
		err_set(err, -ENOMEM, "out of memory");
		return NULL;
	}
	start_grpc();
	q->cq = grpc_completion_queue_create_for_next(NULL);
	block_signals(&before);
	r = pthread_create(&q->thread, NULL, run_queue, q);
	restore_signals(&before);
	if (r != 0) {
		err_set(err, -r, "cannot start a thread: %s", err_name(r));
		grpc_completion_queue_shutdown(q->cq);
		grpc_completion_queue_destroy(q->cq);
		stop_grpc();
		free(q);
		return NULL;
	}
	return q;
}

void
rpc_queue_drain(struct rpc_queue *q)
{
	if (!q || q->drained)
		return;
	grpc_completion_queue_shutdown(q->cq);
	pthread_join(q->thread, NULL);
	q->drained = true;
}

void
rpc_queue_free(struct rpc_queue *q)
{
	if (!q)
		return;
	rpc_queue_drain(q);
	grpc_completion_queue_destroy(q->cq);
	stop_grpc();
	free(q);
}

grpc_completion_queue *
rpc_queue_cq(const struct rpc_queue *q)
{
	return q->cq;
}

static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;

struct rpc_queue *
rpc_queue_shared(struct err *err)
{
	struct rpc_queue *q;

	pthread_mutex_lock(&shared_lock);
	if (!shared)
		shared = rpc_queue_new(err);
	if (shared)
		shared_users++;
	q = shared;
	pthread_mutex_unlock(&shared_lock);
	return q;
}

void
rpc_queue_unshare(void)
{
	pthread_mutex_lock(&shared_lock);
	assert(shared_users > 0);
	if (--shared_users == 0) {
		rpc_queue_free(shared);
		shared = NULL;
	}
	pthread_mutex_unlock(&shared_lock);
}
