/* stream.h - one call of gRPC, the part that is the same on both sides
 *
 * Inside core/rpc only. Who touches what:
 *   - the loop's thread owns the members of the first group;
 *   - the lock guards the second, which the queue's thread changes as well.
 * The queue's thread never frees a stream: when operations end it notes the
 * result, and posts the stream to its loop, both under the lock. The loop
 * destroys it when the call has ended and no operation is out (ops == 0). */
#ifndef NODELINK_RPC_STREAM_H
#define NODELINK_RPC_STREAM_H

#include <pthread.h>

#include "loop/loop.h"
#include "rpc/core.h"
#include "rpc/rpc.h"
#include "tls/tls.h"

enum {
	/* received and not delivered, per stream; both or one message */
	RPC_HELD_BYTES = 256 << 10,
	RPC_HELD_COUNT = 128,
	/* closing: how long to wait for a peer that does not read */
	RPC_CLOSE_MS = 5000,
};

struct rpc_packet { /* one message, either way */
	struct rpc_packet *next;
	grpc_byte_buffer *bytes;
	size_t len;
};

struct rpc_fifo {
	struct rpc_packet *first, *last;
	size_t bytes;
	unsigned count;
};

/* What differs between server and client; all on the loop's thread. */
struct rpc_side {
	bool server;
	/* Server: a call has come. Client: the server has accepted. */
	void (*opened)(struct rpc_stream *s);
	void (*message)(struct rpc_stream *s, const uint8_t *data, size_t len);
	void (*writable)(struct rpc_stream *s);
	/* Last call; the stream is freed after it. */
	void (*closed)(struct rpc_stream *s);
};

struct rpc_stream {
	/* ---- the loop's */
	struct loop *loop;
	grpc_call *call;
	const struct rpc_side *side;
	void *owner; /* server or client; NULL once abandoned */
	void *user;
	char *peer;
	struct loop_timer *cut; /* runs while closing */
	struct rpc_fifo ready; /* taken from `in`, being delivered */
	struct rpc_stream *prev, *next; /* the server's list */
	bool busy; /* in deliver() */
	bool accepted; /* the user knows of it */
	bool paused;
	bool was_cut;

	/* ---- under the lock */
	pthread_mutex_t lock;
	pthread_cond_t *idle; /* someone waits for ops == 0 */
	struct loop_item item;
	struct rpc_fifo in, out;
	struct rpc_packet *writing;
	unsigned ops; /* started and not over */
	uint64_t received; /* in messages, with what is around them */
	bool posted : 1;
	bool reading : 1;
	bool read_end : 1; /* nothing more will come, because: */
	bool half_closed : 1; /* the peer said so */
	bool too_large : 1; /* a message was over the limit */
	bool want_writable : 1, writable : 1;
	bool opening : 1; /* opened() is due */
	bool started : 1; /* initial metadata is out: writing is allowed */
	bool closing : 1; /* we end it, with `status` and `text` */
	bool finished : 1; /* ... and have said so */
	bool ended : 1; /* it is over */
	enum rpc_status status;
	char *text; /* NULL: "" */

	/* ---- gRPC's while the operation is out */
	struct rpc_op op_start, op_head, op_open, op_read, op_write, op_finish,
		op_end;
	grpc_byte_buffer *read_bytes;
	grpc_metadata_array head, trailer;
	grpc_status_code code;
	grpc_slice details;
	int cancelled;
};

/* The call belongs to the stream from now on, even when NULL is returned. */
struct rpc_stream *rpc_stream_new(struct loop *loop, grpc_call *take_call,
	const struct rpc_side *side, void *owner);

/* End it at once and without a word to the user. Waits for the queue's
 * thread, which is a matter of microseconds. */
void rpc_stream_abandon(struct rpc_stream *s);

/* End it soon; closed() will come. */
void rpc_stream_cut(struct rpc_stream *s);

void rpc_fifo_add(struct rpc_fifo *f, struct rpc_packet *p);
struct rpc_packet *rpc_fifo_take(struct rpc_fifo *f);
void rpc_fifo_clear(struct rpc_fifo *f);
void rpc_packet_free(struct rpc_packet *p);

/* With the lock held: note that an operation starts or is over; have the loop
 * look at the stream. */
void rpc_stream_begin(
	struct rpc_stream *s, const grpc_op *ops, size_t n, struct rpc_op *op);
void rpc_stream_over(struct rpc_stream *s);
void rpc_stream_wake(struct rpc_stream *s);

/* recv.c; with the lock held. Read on if there is room. */
void rpc_read_next(struct rpc_stream *s);
void rpc_read_done(struct rpc_op *op, bool ok);
/* Hand a message to the user. */
void rpc_deliver_packet(struct rpc_stream *s, struct rpc_packet *p);

/* send.c; with the lock held. Write what is next in the queue, or the end. */
void rpc_write_next(struct rpc_stream *s);
/* The last thing on our side of the call: the status, or the half-close. */
void rpc_write_end(struct rpc_stream *s);
void rpc_write_done(struct rpc_op *op, bool ok);
/* Without the lock. A server lets this stream not in. */
void rpc_refuse(struct rpc_stream *s, enum rpc_status status, const char *text);

/* tls.c: what a server shows and asks for, from the next handshake on. It has
 * to outlive gRPC's server. -errno or NULL with text when it cannot work. */
struct rpc_tls_source;
int rpc_tls_source_new(const struct rpc_tls *tls, struct rpc_tls_source **out,
	struct err *err);
void rpc_tls_source_free(struct rpc_tls_source *source);
AUTO_DEFINE(struct rpc_tls_source *, rpc_tls_source_free)
int rpc_tls_source_set(struct rpc_tls_source *source, const struct rpc_tls *tls,
	struct err *err);

/* Plaintext when source or tls is NULL. NULL when it cannot work, the client's
 * with text. */
grpc_server_credentials *rpc_server_creds(struct rpc_tls_source *source);
grpc_channel_credentials *
rpc_client_creds(const struct rpc_tls *tls, struct err *err);

/* Who the peer is, by its certificate. */
struct rpc_peer_tls {
	bool verified; /* it has one that we trust */
	char **names; /* NULL-terminated; free with one free() */
	struct tls_facts facts; /* when verified */
};
/* 0; -ENOMEM; -EINVAL: the certificate cannot be read. free(names) then, too. */
int rpc_peer_tls(grpc_call *call, struct rpc_peer_tls *out);

/* status.c */
grpc_status_code rpc_status_to_code(enum rpc_status status);
enum rpc_status rpc_status_from_code(grpc_status_code code);

#endif
