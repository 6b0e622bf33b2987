/* test-order.c - a spawn description as a file */
#include "proc/order.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static const gid_t groups[] = { 7, 8 };
static const struct spawn_user user = { 5, 6, groups, 2 };
static const char *const argv[] = { "a", "", "c d", NULL };
static const char *const envp[] = { "X=1", NULL };

static const struct sock_filter code[] = { { 0x20, 1, 2, 3 }, { 6, 0, 0, 9 } };
static const struct spawn_filter filter = { code, 2, 4 };

static struct spawn
example(void)
{
	return (struct spawn){ .path = "/bin/a",
		.argv = argv,
		.envp = envp,
		.cwd = "/tmp",
		.extra_fd = -1,
		.born_in = -1,
		.user = &user,
		.filter = &filter,
		.limits = { .nofile = 9, .no_core = true },
		.no_new_privs = true };
}

TEST(arrives_as_it_was_sent)
{
	struct spawn how = example();
	AUTO_CLOSE int fd = order_write(&how);
	AUTO_ORDER struct order order;

	ck_assert_int_eq(order_read(fd, &order), 0);
	ck_assert_str_eq(order.how.path, "/bin/a");
	ck_assert_str_eq(order.how.cwd, "/tmp");
	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(order.how.argv[i], argv[i]);
	ck_assert_ptr_null(order.how.argv[3]);
	ck_assert_str_eq(order.how.envp[0], "X=1");
	ck_assert_ptr_null(order.how.envp[1]);
	ck_assert_uint_eq(order.how.user->uid, 5);
	ck_assert_uint_eq(order.how.user->gid, 6);
	ck_assert_uint_eq(order.how.user->n_groups, 2);
	ck_assert_uint_eq(order.how.user->groups[1], 8);
	ck_assert_uint_eq(order.how.limits.nofile, 9);
	ck_assert(order.how.limits.no_core);
	ck_assert_uint_eq(order.how.filter->n, 2);
	ck_assert_uint_eq(order.how.filter->flags, 4);
	ck_assert_mem_eq(order.how.filter->code, code, sizeof code);
	ck_assert(order.how.no_new_privs);
	ck_assert_int_eq(order.how.extra_fd, -1);
	ck_assert_int_eq(order.how.born_in, -1);
}
END

TEST(keeps_what_is_not_there_absent)
{
	static const char *const none[] = { NULL };
	struct spawn how = { .path = "/x", .argv = none, .envp = none };
	AUTO_CLOSE int fd = order_write(&how);
	AUTO_ORDER struct order order;

	ck_assert_int_eq(order_read(fd, &order), 0);
	ck_assert_ptr_null(order.how.cwd);
	ck_assert_ptr_null(order.how.user);
	ck_assert_ptr_null(order.how.filter);
	ck_assert_ptr_null(order.how.argv[0]);
	ck_assert_ptr_null(order.how.envp[0]);
}
END

TEST(refuses_more_than_any_kernel_takes)
{
	const size_t size = 9 << 20;
	char *word = malloc(size);
	const char *const words[] = { word, NULL };
	struct spawn how = example();

	ck_assert_ptr_nonnull(word);
	memset(word, 'x', size - 1);
	word[size - 1] = 0;
	how.envp = words;
	ck_assert_int_eq(order_write(&how), -E2BIG);
	free(word);
}
END

TEST(refuses_what_was_cut_off)
{
	struct spawn how = example();
	AUTO_CLOSE int fd = order_write(&how);
	off_t size = lseek(fd, 0, SEEK_END);

	ck_assert_int_gt(size, 0);
	while (size-- > 0) {
		struct order order;

		ck_assert_int_eq(ftruncate(fd, size), 0);
		ck_assert_int_eq(order_read(fd, &order), -EBADMSG);
	}
}
END

	UNIT_MAIN("order", arrives_as_it_was_sent,
		keeps_what_is_not_there_absent,
		refuses_more_than_any_kernel_takes, refuses_what_was_cut_off)
