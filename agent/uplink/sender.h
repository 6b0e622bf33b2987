/* sender.h - payloads to the server: those of one turn go together */
#ifndef NODELINK_UPLINK_SENDER_H
#define NODELINK_UPLINK_SENDER_H

#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "rpc/rpc.h"
#include "wire/batch.h"

struct sender {
	struct rpc_stream *stream; /* NULL: none; then nothing is kept */
	struct batch batch;
	struct loop_flush *flush;
	loop_fn *full; /* the stream's queue is full: bring no more */
	void *arg;
};

/* 0 or -ENOMEM. */
int sender_init(struct sender *s, struct loop *loop, loop_fn *full, void *arg);
void sender_done(struct sender *s);

void sender_open(struct sender *s, struct rpc_stream *stream);
void sender_close(struct sender *s);

/* In order, at the end of this turn at the latest. */
void sender_send(struct sender *s, const uint8_t *payload, size_t len);
void sender_flush(struct sender *s);

#endif
