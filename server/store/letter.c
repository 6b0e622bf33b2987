/* letter.c - what is to be told to somebody elsewhere */
#include "store/letter.h"

#include <stdlib.h>
#include <string.h>

struct letter *
letter_new(const char *url, const char *host, const char *body)
{
	struct letter *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	id_new(l->id);
	l->url = strdup(url);
	l->host = strdup(host);
	l->body = strdup(body);
	if (l->url && l->host && l->body)
		return l;
	letter_free(l);
	return NULL;
}

struct letter *
letter_copy(const struct letter *l, bool with_body)
{
	struct letter *copy =
		letter_new(l->url, l->host, with_body ? l->body : "");
	struct letter own;

	if (!copy)
		return NULL;
	own = *copy;
	*copy = *l;
	copy->url = own.url;
	copy->host = own.host;
	copy->body = own.body;
	copy->next = NULL;
	return copy;
}

void
letter_free(struct letter *l)
{
	if (!l)
		return;
	free(l->url);
	free(l->host);
	free(l->body);
	free(l);
}

void
letters_free(struct letter **list)
{
	while (*list) {
		struct letter *l = *list;

		*list = l->next;
		letter_free(l);
	}
}
