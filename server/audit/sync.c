/* sync.c - the thread that waits for the disk, so that the loop need not */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit/internal.h"

struct job {
	int fd;
	struct job *next;
};

struct sync {
	struct loop *loop;
	struct loop_item back; /* posted when one failed */
	loop_fn *failed;
	void *failed_arg;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t given;
	struct job *jobs; /* the newest first: their order does not count */
	bool stop, told; /* told: `back` is posted */
	int error;
};

static void
tell(void *arg)
{
	struct sync *s = arg;

	pthread_mutex_lock(&s->lock);
	s->told = false;
	pthread_mutex_unlock(&s->lock);
	s->failed(s->failed_arg);
}

static void
do_job(struct sync *s, struct job *take_job)
{
	int r = fdatasync(take_job->fd) < 0 ? -errno : 0;

	(void)close(take_job->fd);
	free(take_job);
	if (r == 0)
		return;
	pthread_mutex_lock(&s->lock);
	s->error = r;
	if (!s->told) {
		s->told = true;
		loop_post(s->loop, &s->back);
	}
	pthread_mutex_unlock(&s->lock);
}

static void *
run(void *arg)
{
	struct sync *s = arg;
	bool stop = false;

	while (!stop) {
		struct job *jobs;

		pthread_mutex_lock(&s->lock);
		while (!s->jobs && !s->stop)
			pthread_cond_wait(&s->given, &s->lock);
		jobs = TAKE(s->jobs);
		stop = !jobs;
		pthread_mutex_unlock(&s->lock);
		while (jobs) {
			struct job *job = jobs;

			jobs = job->next;
			do_job(s, job);
		}
	}
	return NULL;
}

int
sync_new(struct loop *loop, loop_fn *failed, void *arg, struct sync **out)
{
	struct sync *s = calloc(1, sizeof *s);
	int r;

	if (!s)
		return -ENOMEM;
	s->loop = loop;
	s->back = (struct loop_item){ .fn = tell, .arg = s };
	s->failed = failed;
	s->failed_arg = arg;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->given, NULL);
	r = pthread_create(&s->thread, NULL, run, s);
	if (r) {
		pthread_cond_destroy(&s->given);
		pthread_mutex_destroy(&s->lock);
		free(s);
		return -r;
	}
	*out = s;
	return 0;
}

void
sync_add(struct sync *s, int take_fd)
{
	struct job *job = malloc(sizeof *job);

	if (!job) { /* then the loop has to wait */
		(void)fdatasync(
			take_fd); /* no memory: that is told elsewhere */
		(void)close(take_fd);
		return;
	}
	job->fd = take_fd;
	pthread_mutex_lock(&s->lock);
	job->next = s->jobs;
	s->jobs = job;
	pthread_cond_signal(&s->given);
	pthread_mutex_unlock(&s->lock);
}

int
sync_error(struct sync *s)
{
	int r;

	pthread_mutex_lock(&s->lock);
	r = s->error;
	pthread_mutex_unlock(&s->lock);
	return r;
}

void
sync_free(struct sync *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->stop = true;
	pthread_cond_signal(&s->given);
	pthread_mutex_unlock(&s->lock);
	(void)pthread_join(s->thread, NULL); /* it is ours and joinable */
	loop_unpost(s->loop, &s->back);
	pthread_cond_destroy(&s->given);
	pthread_mutex_destroy(&s->lock);
	free(s);
}
