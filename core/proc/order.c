/* order.c - a spawn description as a file, for another process to carry out
 *
 * A head, the groups, the filter, then the words, each with its NUL: path, folder,
 * arguments, environment. */
#include "proc/order.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/fd.h"

enum {
	ORDER_MAX = 8 << 20, /* the kernel takes 6 MiB */
	ORDER_VERSION = 2, /* of the layout, structs included */
};

struct head {
	uint32_t version;
	uint32_t n_groups, n_argv, n_envp;
	uint32_t n_filter, filter_flags;
	struct spawn_rlimits limits;
	uid_t uid;
	gid_t gid;
	bool has_user, has_cwd, has_filter, no_new_privs;
};

/* ----------------------------------------------------------------- writing */

static uint32_t
count(const char *const *words)
{
	uint32_t n = 0;

	while (words[n])
		n++;
	return n;
}

static int
add_words(struct buf *out, const char *const *words)
{
	int r = 0;

	for (; r == 0 && *words; words++)
		r = buf_add(out, *words, strlen(*words) + 1);
	return r;
}

static int
add_all(struct buf *out, const struct spawn *how)
{
	const struct spawn_user *user = how->user;
	const struct spawn_filter *filter = how->filter;
	const char *const first[] = { how->path, how->cwd, NULL };
	struct head head;
	int r;

	memset(&head, 0, sizeof head); /* with its padding */
	head.version = ORDER_VERSION;
	head.n_groups = user ? (uint32_t)user->n_groups : 0;
	head.n_argv = count(how->argv);
	head.n_envp = count(how->envp);
	head.limits = how->limits;
	head.uid = user ? user->uid : 0;
	head.gid = user ? user->gid : 0;
	head.has_user = user != NULL;
	head.has_cwd = how->cwd != NULL;
	head.no_new_privs = how->no_new_privs;
	head.has_filter = filter != NULL;
	head.n_filter = filter ? filter->n : 0;
	head.filter_flags = filter ? filter->flags : 0;
	r = buf_add(out, &head, sizeof head);
	if (r == 0 && head.n_groups)
		r = buf_add(out, user->groups,
			head.n_groups * sizeof user->groups[0]);
	if (r == 0 && filter)
		r = buf_add(
			out, filter->code, filter->n * sizeof *filter->code);
	if (r == 0)
		r = add_words(out, first);
	if (r == 0)
		r = add_words(out, how->argv);
	if (r == 0)
		r = add_words(out, how->envp);
	return r == -EMSGSIZE ? -E2BIG : r;
}

int
order_write(const struct spawn *how)
{
	AUTO_BUF struct buf text = { .max = ORDER_MAX };
	AUTO_CLOSE int fd = -1;
	int r = add_all(&text, how);

	if (r < 0)
		return r;
	fd = memfd_create("nodelink-order", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, text.data, text.len);
	return r < 0 ? r : TAKE_FD(fd);
}

/* ----------------------------------------------------------------- reading */

struct rest {
	const char *at;
	size_t left;
};

static const void *
take(struct rest *rest, size_t n)
{
	const char *at = rest->at;

	if (n > rest->left)
		return NULL;
	rest->at += n;
	rest->left -= n;
	return at;
}

static const char *
take_word(struct rest *rest)
{
	const char *end = memchr(rest->at, 0, rest->left);

	return end ? take(rest, (size_t)(end - rest->at) + 1) : NULL;
}

/* Writes n words and a NULL behind them. */
static int
take_words(struct rest *rest, size_t n, const char **out)
{
	for (size_t i = 0; i < n; i++)
		if ((out[i] = take_word(rest)) == NULL)
			return -EBADMSG;
	out[n] = NULL;
	return 0;
}

static int
take_user(struct rest *rest, const struct head *head, struct order *order)
{
	const void *groups = take(rest, head->n_groups * sizeof(gid_t));

	if (!groups)
		return -EBADMSG;
	order->user = (struct spawn_user){ .uid = head->uid,
		.gid = head->gid,
		.groups = groups,
		.n_groups = head->n_groups };
	if (head->has_user)
		order->how.user = &order->user;
	return 0;
}

static int
take_filter(struct rest *rest, const struct head *head, struct order *order)
{
	const void *code;

	if (head->n_filter > BPF_MAXINSNS)
		return -EBADMSG;
	code = take(rest, head->n_filter * sizeof *order->filter.code);
	if (!code)
		return -EBADMSG;
	order->filter = (struct spawn_filter){ .code = code,
		.n = (unsigned short)head->n_filter,
		.flags = head->filter_flags };
	if (head->has_filter)
		order->how.filter = &order->filter;
	return 0;
}

static int
take_all(struct rest *rest, struct order *order)
{
	struct spawn *how = &order->how;
	const struct head *head = take(rest, sizeof *head);
	size_t n_words;

	if (!head || head->version != ORDER_VERSION ||
		take_user(rest, head, order) < 0 ||
		take_filter(rest, head, order) < 0)
		return -EBADMSG;
	n_words = (size_t)head->n_argv + head->n_envp + 2;
	if (n_words > rest->left + 2) /* each has a NUL at least */
		return -EBADMSG;
	order->words = calloc(n_words, sizeof *order->words);
	if (!order->words)
		return -ENOMEM;
	how->limits = head->limits;
	how->no_new_privs = head->no_new_privs;
	how->path = take_word(rest);
	how->cwd = head->has_cwd ? take_word(rest) : NULL;
	how->argv = order->words;
	how->envp = order->words + head->n_argv + 1;
	if (!how->path || (head->has_cwd && !how->cwd) ||
		take_words(rest, head->n_argv, order->words) < 0 ||
		take_words(rest, head->n_envp,
			order->words + head->n_argv + 1) < 0)
		return -EBADMSG;
	return 0;
}

int
order_read(int fd, struct order *out)
{
	struct stat st;
	struct rest rest;
	int r;

	memset(out, 0, sizeof *out);
	out->how.extra_fd = out->how.born_in = -1;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size <= 0 || st.st_size > ORDER_MAX)
		return -EBADMSG;
	out->size = (size_t)st.st_size;
	out->map = mmap(NULL, out->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (out->map == MAP_FAILED) {
		out->map = NULL;
		return -errno;
	}
	rest = (struct rest){ out->map, out->size };
	r = take_all(&rest, out);
	if (r < 0)
		order_done(out);
	return r;
}

void
order_done(struct order *order)
{
	if (order->map)
		(void)munmap(order->map, order->size);
	free(order->words);
	memset(order, 0, sizeof *order);
}
