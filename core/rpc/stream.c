/* stream.c - one call of gRPC, the part that is the same on both sides */
#include "rpc/stream.h"

#include <assert.h>
#include <grpc/support/alloc.h>
#include <string.h>

/* ----------------------------------------------------------------- packets */

void
rpc_packet_free(struct rpc_packet *p)
{
	if (!p)
		return;
	grpc_byte_buffer_destroy(p->bytes);
	free(p);
}

void
rpc_fifo_add(struct rpc_fifo *f, struct rpc_packet *p)
{
	p->next = NULL;
	if (f->last)
		f->last->next = p;
	else
		f->first = p;
	f->last = p;
	f->bytes += p->len;
	f->count++;
}

struct rpc_packet *
rpc_fifo_take(struct rpc_fifo *f)
{
	struct rpc_packet *p = f->first;

	if (!p)
		return NULL;
	f->first = p->next;
	if (!f->first)
		f->last = NULL;
	f->bytes -= p->len;
	f->count--;
	return p;
}

void
rpc_fifo_clear(struct rpc_fifo *f)
{
	struct rpc_packet *p;

	while ((p = rpc_fifo_take(f)))
		rpc_packet_free(p);
}

/* -------------------------------------------------------------- operations */

void
rpc_stream_begin(
	struct rpc_stream *s, const grpc_op *ops, size_t n, struct rpc_op *op)
{
	s->ops++;
	rpc_batch(s->call, ops, n, op);
}

/* Posting under the lock: whoever holds it knows that nobody is about to. */
void
rpc_stream_wake(struct rpc_stream *s)
{
	if (s->posted)
		return;
	s->posted = true;
	loop_post(s->loop, &s->item);
}

void
rpc_stream_over(struct rpc_stream *s)
{
	assert(s->ops > 0);
	if (--s->ops > 0)
		return;
	if (s->ended)
		rpc_stream_wake(s);
	if (s->idle)
		pthread_cond_signal(s->idle);
}

/* Operations whose failure means that the call is over, which is told by
 * op_end. */
static void
start_done(struct rpc_op *op, bool ok)
{
	struct rpc_stream *s = RPC_OWNER(op, struct rpc_stream, op_start);

	(void)ok;
	pthread_mutex_lock(&s->lock);
	rpc_stream_over(s);
	pthread_mutex_unlock(&s->lock);
}

static void
finish_done(struct rpc_op *op, bool ok)
{
	struct rpc_stream *s = RPC_OWNER(op, struct rpc_stream, op_finish);

	(void)ok;
	pthread_mutex_lock(&s->lock);
	rpc_stream_over(s);
	pthread_mutex_unlock(&s->lock);
}

/* ---------------------------------------------------------------- delivery */

static void
release_call(struct rpc_stream *s)
{
	if (!s->call)
		return;
	grpc_metadata_array_destroy(&s->head);
	grpc_metadata_array_destroy(&s->trailer);
	grpc_slice_unref(s->details);
	grpc_call_unref(TAKE(s->call));
}

static void
destroy(struct rpc_stream *s)
{
	assert(s->ops == 0);
	if (s->posted)
		loop_unpost(s->loop, &s->item);
	rpc_fifo_clear(&s->ready);
	rpc_fifo_clear(&s->in);
	rpc_fifo_clear(&s->out);
	loop_timer_free(s->cut);
	release_call(s);
	pthread_mutex_destroy(&s->lock);
	free(s->text);
	free(s->peer);
	free(s);
}

/* Our user has ended the stream himself: a server's has no interest in what
 * still comes; a client has only half-closed. */
static bool
is_deaf(const struct rpc_stream *s)
{
	return !s->accepted || (s->side->server && s->cut);
}

static void
deliver_messages(struct rpc_stream *s)
{
	while (s->owner && !s->paused && s->ready.first) {
		struct rpc_packet *p = rpc_fifo_take(&s->ready);

		if (!is_deaf(s))
			rpc_deliver_packet(s, p);
		rpc_packet_free(p);
	}
}

struct news {
	bool opened, writable, over;
	bool half_closed; /* by the peer, and all was read */
	bool held; /* messages that a pause holds back */
};

static struct news
take_news(struct rpc_stream *s)
{
	struct news news;

	pthread_mutex_lock(&s->lock);
	s->posted = false;
	news.opened = s->opening && !s->ended;
	news.writable = s->writable && !s->closing && !s->ended;
	s->opening = false;
	s->writable = false;
	if (!s->paused && !s->ready.first) {
		s->ready = s->in;
		s->in = (struct rpc_fifo){ 0 };
		if (s->started)
			rpc_read_next(s);
	}
	news.held = s->in.first != NULL;
	news.half_closed = s->half_closed && !s->ended;
	news.over = s->ended && s->ops == 0;
	pthread_mutex_unlock(&s->lock);
	return news;
}

/* What the loop does for a stream with news. Messages come before the end;
 * a paused stream that broke does not make its user wait for it. */
static void
deliver(void *arg)
{
	struct rpc_stream *s = arg;
	struct news news = take_news(s);
	bool waits;

	s->busy = true;
	if (news.opened)
		s->side->opened(s);
	deliver_messages(s);
	if (s->owner && news.writable && s->accepted)
		s->side->writable(s);
	waits = s->paused && (s->ready.first || news.held) && !is_deaf(s);
	if (s->owner && s->side->server && news.half_closed && !waits)
		rpc_close(s, RPC_STATUS_OK, "");
	if (s->owner && news.over && !(waits && s->status == RPC_STATUS_OK)) {
		s->side->closed(s);
		s->owner = NULL;
	}
	s->busy = false;
	if (!s->owner)
		destroy(s);
}

/* --------------------------------------------------------- birth and death */

struct rpc_stream *
rpc_stream_new(struct loop *loop, grpc_call *take_call,
	const struct rpc_side *side, void *owner)
{
	struct rpc_stream *s = calloc(1, sizeof *s);

	if (!s) {
		grpc_call_unref(take_call); /* cancels it */
		return NULL;
	}
	s->loop = loop;
	s->call = take_call;
	s->side = side;
	s->owner = owner;
	s->item.fn = deliver;
	s->item.arg = s;
	s->details = grpc_empty_slice();
	s->op_start.done = start_done;
	s->op_finish.done = finish_done;
	s->op_read.done = rpc_read_done;
	s->op_write.done = rpc_write_done;
	grpc_metadata_array_init(&s->head);
	grpc_metadata_array_init(&s->trailer);
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

void
rpc_stream_abandon(struct rpc_stream *s)
{
	pthread_cond_t idle = PTHREAD_COND_INITIALIZER;

	s->owner = NULL;
	grpc_call_cancel(s->call, NULL);
	pthread_mutex_lock(&s->lock);
	s->ended = true; /* nothing new is started */
	s->idle = &idle;
	while (s->ops > 0)
		pthread_cond_wait(&idle, &s->lock);
	s->idle = NULL;
	pthread_mutex_unlock(&s->lock);
	pthread_cond_destroy(&idle);
	release_call(s); /* the queue may be freed next */
	if (!s->busy)
		destroy(s);
}

void
rpc_stream_cut(struct rpc_stream *s)
{
	s->was_cut = true;
	grpc_call_cancel(s->call, NULL);
}

static void
cut_late(void *arg)
{
	rpc_stream_cut(arg);
}

/* --------------------------------------------------------------- interface */

void
rpc_close(struct rpc_stream *s, enum rpc_status status, const char *text)
{
	pthread_mutex_lock(&s->lock);
	if (!s->closing && !s->ended) {
		s->closing = true;
		s->status = status;
		s->text = *text ? strdup(text) : NULL; /* without: no harm */
		if (s->side->server && status != RPC_STATUS_OK)
			rpc_fifo_clear(&s->out);
		rpc_write_next(s);
	}
	pthread_mutex_unlock(&s->lock);
	if (s->cut)
		return;
	s->cut = loop_timer_new(s->loop, cut_late, s);
	if (s->cut)
		loop_timer_set(s->cut, RPC_CLOSE_MS);
	else
		rpc_stream_cut(s);
}

void
rpc_pause(struct rpc_stream *s, bool paused)
{
	if (s->paused == paused)
		return;
	s->paused = paused;
	if (paused)
		return;
	pthread_mutex_lock(&s->lock);
	rpc_stream_wake(s);
	pthread_mutex_unlock(&s->lock);
}

void
rpc_set_user(struct rpc_stream *s, void *user)
{
	s->user = user;
}

void *
rpc_user(const struct rpc_stream *s)
{
	return s->user;
}

const char *
rpc_peer(const struct rpc_stream *s)
{
	return s->peer ? s->peer : "";
}
