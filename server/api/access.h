/* access.h - who may do what
 *
 * A route asks for a kind of access and a token gives a role: the gate compares
 * them before a handler is called. What depends on a task, its labels and its
 * owner, the handlers ask of the functions here. In development mode nobody is
 * asked who he is: there is no user, and NULL may do everything. */
#ifndef NODELINK_API_ACCESS_H
#define NODELINK_API_ACCESS_H

#include <stdbool.h>

#include "api/api.h"
#include "auth/auth.h"
#include "base/auto.h"
#include "store/store.h"

enum access { /* that a route asks for; the last three are the roles' */
	ACCESS_NONE, /* of nobody */
	ACCESS_READ, /* a viewer */
	ACCESS_WRITE, /* an operator */
	ACCESS_ADMIN, /* an admin, of a token without labels */
};

struct user { /* a token that is in use, by a request or a session */
	struct auth_token *token; /* own reference */
	bool ended; /* the session that it is of */
	int64_t ends_ms; /* clock_ms() when that ends by itself; 0: none */
	unsigned refs;
};

/* With one reference; NULL: out of memory. */
struct user *user_new(struct auth_token *take_token);
struct user *user_ref(struct user *user); /* NULL is fine, */
void user_unref(struct user *user); /* and here */
AUTO_DEFINE(struct user *, user_unref)
/* Not ended, revoked or expired. */
bool user_valid(const struct user *user);
/* The owner of what it creates; "" without a user. */
const char *user_client(const struct user *user);
/* Its token has labels; nobody's has. */
bool user_is_limited(const struct user *user);

/* Who sent the request, or NULL. Borrowed. */
struct user *access_user(const struct http_request *req);

/* What a look-up said (store_got_fn), as this user is told: a task outside the
 * labels of its token does not exist. */
int access_found(const struct user *user, int r, const struct task *t);
/* Whose tasks it may cancel, of those that it sees; NULL: anybody's. */
const char *access_cancels(const struct user *user);
bool access_may_cancel(const struct user *user, const struct task *t);
/* 403; owner: whose it is instead. */
void reply_not_owner(struct http_request *req, const char *owner);

#endif
