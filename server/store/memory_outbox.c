/* memory_outbox.c - letters in memory
 *
 * Those that wait stand in lines, one for each task and URL, apart for those to
 * the endpoint of the settings; only the first of a line can be sent. The dead
 * are one list. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "store/memory.h"

struct envelope {
	struct letter *letter; /* own */
	struct line *line; /* NULL: it is dead */
	struct envelope *prev, *next; /* the line's, or the dead */
	UT_hash_handle hh; /* by_id */
};

struct line {
	char *name; /* own: task, space, is it global, URL */
	struct envelope *first;
	UT_hash_handle hh;
};

/* --------------------------------------------------------------------- places */

static struct line *
line_of(struct outbox *o, const struct letter *l)
{
	AUTO_FREE char *name = NULL;
	struct line *line;

	if (asprintf(&name, "%s %d%s", l->task_id, l->global, l->url) < 0)
		return NULL;
	HASH_FIND_STR(o->lines, name, line);
	if (line)
		return line;
	line = calloc(1, sizeof *line);
	if (!line)
		return NULL;
	line->name = TAKE(name);
	HASH_ADD_KEYPTR(hh, o->lines, line->name, strlen(line->name), line);
	return line;
}

static int
by_id(const struct envelope *a, const struct envelope *b)
{
	return strcmp(a->letter->id, b->letter->id);
}

static int
stand(struct outbox *o, struct envelope *e)
{
	struct line *line = line_of(o, e->letter);

	if (!line)
		return -ENOMEM;
	e->line = line;
	DL_INSERT_INORDER(line->first, e, by_id);
	o->n_waiting++;
	return 0;
}

static void
leave(struct outbox *o, struct envelope *e)
{
	struct line *line = e->line;

	if (!line) {
		DL_DELETE(o->dead, e);
		o->n_dead--;
		return;
	}
	DL_DELETE(line->first, e);
	o->n_waiting--;
	e->line = NULL;
	if (line->first)
		return;
	HASH_DEL(o->lines, line);
	free(line->name);
	free(line);
}

static void
drop(struct outbox *o, struct envelope *e)
{
	leave(o, e);
	HASH_DEL(o->by_id, e);
	letter_free(e->letter);
	free(e);
}

static void
bury(struct outbox *o, struct envelope *e)
{
	int64_t due = clock_wall_ms() - STORE_DEAD_MS;

	leave(o, e);
	DL_APPEND(o->dead, e);
	o->n_dead++;
	while (o->n_dead > LIMIT_DEAD_LETTERS ||
		(o->dead && o->dead->letter->died_at < due))
		drop(o, o->dead);
}

/* -------------------------------------------------------------------- changes */

static void
add(struct outbox *o, struct letter *take_letter)
{
	struct envelope *e = calloc(1, sizeof *e);

	if (e)
		e->letter = take_letter;
	if (!e || stand(o, e) < 0) {
		log_error(-ENOMEM, "nobody will be told of '%s' of task '%s'",
			take_letter->event, take_letter->task_id);
		letter_free(take_letter);
		free(e);
		return;
	}
	HASH_ADD_KEYPTR(
		hh, o->by_id, take_letter->id, strlen(take_letter->id), e);
	if (o->n_waiting > LIMIT_LETTERS) {
		e = o->lines->first;
		e->letter->died_at = clock_wall_ms();
		(void)snprintf(e->letter->error, sizeof e->letter->error,
			"too many were waiting");
		bury(o, e);
	}
}

void
outbox_add(struct outbox *o, struct letter *take_letters)
{
	while (take_letters) {
		struct letter *l = take_letters;

		take_letters = l->next;
		l->next = NULL;
		add(o, l);
	}
}

void
outbox_done(struct outbox *o)
{
	struct envelope *e, *next;

	HASH_ITER(hh, o->by_id, e, next) {
		drop(o, e);
	}
}

static int
set(struct outbox *o, const struct letter *l)
{
	struct envelope *e;

	HASH_FIND_STR(o->by_id, l->id, e);
	if (!e)
		return 0;
	if (l->fate == LETTER_DELIVERED) {
		drop(o, e);
		return 0;
	}
	e->letter->tries = l->tries;
	e->letter->next_at = l->next_at;
	e->letter->died_at = l->died_at;
	memcpy(e->letter->error, l->error, sizeof l->error);
	e->letter->fate = l->fate;
	if (l->fate == LETTER_DEAD && e->line) {
		bury(o, e);
	} else if (l->fate == LETTER_WAITS && !e->line) {
		leave(o, e);
		return stand(o, e);
	}
	return 0;
}

void
memory_letter_set(
	struct store *s, const struct letter *l, store_done_fn *done, void *arg)
{
	done(arg, set(&((struct memory *)s)->outbox, l));
	if (s->posted)
		s->posted(s->posted_arg);
}

int
memory_letter_count(struct store *s, size_t *waiting, size_t *dead)
{
	const struct outbox *o = &((struct memory *)s)->outbox;

	*waiting = o->n_waiting;
	*dead = o->n_dead;
	return 0;
}

/* -------------------------------------------------------------------- reading */

static bool
is_wanted(const struct letter_query *q, const struct envelope *e)
{
	const struct letter *l = e->letter;
	int order = q->after ? strcmp(l->id, q->after) : 0;

	if (q->id && strcmp(q->id, l->id) != 0)
		return false;
	if (q->of != LETTERS_ALL && l->global != (q->of == LETTERS_GLOBAL))
		return false;
	switch (q->want) {
	case LETTERS_NEXT:
		for (size_t i = 0; i < q->n_but_hosts; i++)
			if (strcmp(q->but_hosts[i], l->host) == 0)
				return false;
		return e->line && e->line->first == e;
	case LETTERS_WAITING: return e->line && (!q->after || order > 0);
	case LETTERS_DEAD: return !e->line && (!q->after || order < 0);
	}
	return false;
}

/* Does a stand before b? */
static bool
is_before(const struct letter_query *q, const struct letter *a,
	const struct letter *b)
{
	int order = strcmp(a->id, b->id);

	if (q->want == LETTERS_NEXT && a->next_at != b->next_at)
		return a->next_at < b->next_at;
	return q->want == LETTERS_DEAD ? order > 0 : order < 0;
}

struct found {
	const struct letter **letters;
	size_t n;
};

/* Into its place, as long as there is one. */
static void
put(struct found *f, const struct letter_query *q, const struct letter *l)
{
	size_t at = f->n;

	while (at && is_before(q, l, f->letters[at - 1]))
		at--;
	if (at == q->max)
		return;
	if (f->n < q->max)
		f->n++;
	memmove(&f->letters[at + 1], &f->letters[at],
		(f->n - at - 1) * sizeof(*f->letters));
	f->letters[at] = l;
}

static int
copy_all(const struct found *f, bool with_body, struct letter **out)
{
	struct letter **at = out;

	for (size_t i = 0; i < f->n; i++) {
		*at = letter_copy(f->letters[i], with_body);
		if (!*at) {
			letters_free(out);
			return -ENOMEM;
		}
		at = &(*at)->next;
	}
	return 0;
}

void
memory_letters(struct store *s, const struct letter_query *q,
	store_letters_fn *done, void *arg)
{
	const struct outbox *o = &((struct memory *)s)->outbox;
	AUTO_FREE const struct letter **letters =
		calloc(q->max + 1, sizeof(*letters));
	struct found found = { letters, 0 };
	struct letter *list = NULL;
	int r = letters ? 0 : -ENOMEM;

	for (const struct envelope *e = o->by_id; e && r == 0; e = e->hh.next)
		if (is_wanted(q, e))
			put(&found, q, e->letter);
	if (r == 0)
		r = copy_all(&found, q->want == LETTERS_NEXT, &list);
	done(arg, r, list);
}
