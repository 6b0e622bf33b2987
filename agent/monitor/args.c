/* args.c - an argument or environment list that grows, ended by NULL */
#include "monitor/args.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
args_done(struct args *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->list[i]);
	free(a->list);
	*a = (struct args){ 0 };
}

void
args_add(struct args *a, const char *fmt, ...)
{
	char **list = realloc(a->list, (a->n + 2) * sizeof *list);
	va_list ap;

	if (!list) {
		a->error = -ENOMEM;
		return;
	}
	a->list = list;
	va_start(ap, fmt);
	if (vasprintf(&list[a->n], fmt, ap) < 0)
		a->error = -ENOMEM;
	else
		a->n++;
	va_end(ap);
	list[a->n] = NULL;
}

void
args_add_environment(struct args *a, const char *without)
{
	size_t len = strlen(without);

	for (char **e = environ; *e; e++)
		if (strncmp(*e, without, len) != 0 || (*e)[len] != '=')
			args_add(a, "%s", *e);
}
