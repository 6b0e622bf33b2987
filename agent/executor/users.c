/* users.c - who tasks may run as: the default, and those that a task may name */
#include "executor/users.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "executor/env.h"

struct users {
	size_t n;
	struct task_user list[]; /* the default first */
};

static int
add(struct users *users, const char *name, struct err *err)
{
	struct task_user *user = &users->list[users->n];
	int r = user_new(name, &user->account, err);

	if (r < 0)
		return r;
	users->n++;
	user->env = env_base(user->account);
	return user->env ? 0 : err_set(err, -ENOMEM, "out of memory");
}

int
users_new(const char *user, const char *const *allow, size_t n_allow,
	struct users **out, struct err *err)
{
	AUTO(users_free)
	struct users *users =
		calloc(1, sizeof *users + (n_allow + 1) * sizeof *users->list);
	int r;

	if (!users)
		return err_set(err, -ENOMEM, "out of memory");
	r = add(users, user, err);
	for (size_t i = 0; i < n_allow && r == 0; i++)
		r = add(users, allow[i], err);
	if (r == 0)
		*out = TAKE(users);
	return r;
}

void
users_free(struct users *users)
{
	for (size_t i = 0; users && i < users->n; i++) {
		user_free(users->list[i].account);
		free(users->list[i].env);
	}
	free(users);
}

const struct task_user *
users_find(const struct users *users, const char *name)
{
	if (!name || !*name)
		return &users->list[0];
	for (size_t i = 0; i < users->n; i++)
		if (strcmp(users->list[i].account->name, name) == 0)
			return &users->list[i];
	return NULL;
}
