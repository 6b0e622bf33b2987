/* certs.c - certificate files of a listener: read, and again when they change */
#include "certs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"

enum { LOOK_MS = 1000 };

/* What tells one state of a file from another. */
struct mark {
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed, modified;
};

enum { FILES = 3 };

struct certs {
	const char *section;
	const struct tls_files *files;
	struct tls_pem pem; /* in use */
	int64_t told_ms, ca_told_ms; /* that they end; 0: not yet */
	struct mark seen[FILES], read[FILES];
	struct loop_timer *timer;
	certs_use_fn *use;
	void *arg;
};

static void
look(const struct tls_files *files, struct mark marks[FILES])
{
	const char *const paths[FILES] = { files->cert, files->key, files->ca };

	/* padding is compared, too */
	memset(marks, 0, FILES * sizeof *marks);
	for (size_t i = 0; i < FILES; i++) {
		struct stat st;

		if (!paths[i] || stat(paths[i], &st) < 0)
			continue;
		marks[i].dev = st.st_dev;
		marks[i].ino = st.st_ino;
		marks[i].size = st.st_size;
		marks[i].changed = st.st_ctim;
		marks[i].modified = st.st_mtim;
	}
}

static void
tell_end(struct certs *c)
{
	char text[TLS_END_TEXT];

	if (tls_ends_soon(c->pem.facts.not_after, &c->told_ms, text))
		log_warn(0, "[%s] the certificate in '%s' %s", c->section,
			c->files->cert, text);
	if (c->pem.ca_not_after &&
		tls_ends_soon(c->pem.ca_not_after, &c->ca_told_ms, text))
		log_warn(0,
			"[%s] a CA in '%s' %s: the certificates that it has "
			"signed are worth nothing from then on",
			c->section, c->files->ca, text);
}

void
certs_reload(struct certs *c)
{
	struct tls_pem pem = { 0 };
	struct err err;
	int r;

	if (!c)
		return;
	look(c->files, c->read); /* before: a change from now on is another */
	memcpy(c->seen, c->read, sizeof c->seen);
	r = tls_read(c->files, &pem, &err);
	if (r == 0 && !tls_pem_same(&pem, &c->pem)) {
		r = c->use(c->arg, &pem, &err);
		if (r == 0) {
			tls_pem_done(&c->pem);
			c->pem = pem;
			c->told_ms = c->ca_told_ms = 0;
			log_info(
				"[%s] new certificates are in use", c->section);
			tell_end(c);
			return;
		}
	}
	tls_pem_done(&pem);
	if (r < 0)
		log_error(0, "[%s] the old certificates stay in use: %s",
			c->section, err.text);
}

static void
look_again(void *arg)
{
	struct certs *c = arg;
	struct mark now[FILES];

	look(c->files, now);
	if (memcmp(now, c->read, sizeof now) != 0 &&
		memcmp(now, c->seen, sizeof now) == 0)
		certs_reload(c);
	else
		memcpy(c->seen, now, sizeof now);
	tell_end(c);
	loop_timer_set(c->timer, LOOK_MS);
}

int
certs_new(struct loop *loop, const char *section, const struct tls_files *files,
	struct certs **out, struct err *err)
{
	AUTO(certs_free) struct certs *c = calloc(1, sizeof *c);
	int r;

	if (!c)
		return err_set(err, -ENOMEM, "out of memory");
	c->section = section;
	c->files = files;
	c->timer = loop_timer_new(loop, look_again, c);
	if (!c->timer)
		return err_set(err, -ENOMEM, "out of memory");
	look(files, c->read);
	memcpy(c->seen, c->read, sizeof c->seen);
	r = tls_read(files, &c->pem, err);
	if (r < 0)
		return r;
	tell_end(c);
	*out = TAKE(c);
	return 0;
}

void
certs_free(struct certs *c)
{
	if (!c)
		return;
	loop_timer_free(c->timer);
	tls_pem_done(&c->pem);
	free(c);
}

const struct tls_pem *
certs_pem(const struct certs *c)
{
	return c ? &c->pem : NULL;
}

void
certs_follow(struct certs *c, certs_use_fn *use, void *arg)
{
	if (!c)
		return;
	c->use = use;
	c->arg = arg;
	loop_timer_set(c->timer, LOOK_MS);
}
