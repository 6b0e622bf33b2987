/* args.h - an argument or environment list that grows, ended by NULL */
#ifndef NODELINK_MONITOR_ARGS_H
#define NODELINK_MONITOR_ARGS_H

#include <stddef.h>

struct args { /* zeroed: empty */
	char **list;
	size_t n;
	int error; /* sticky: -ENOMEM once an addition failed */
};

void args_done(struct args *a);
void args_add(struct args *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* All of our environment except the variable of this name. */
void args_add_environment(struct args *a, const char *without);

#endif
