/* text.h - several texts in one block that was measured before */
#ifndef NODELINK_EXECUTOR_TEXT_H
#define NODELINK_EXECUTOR_TEXT_H

#include <string.h>

/* Bytes it takes in the block; NULL counts as "". */
static inline size_t
text_size(const char *text)
{
	return (text ? strlen(text) : 0) + 1;
}

/* Copies it to *at, which moves behind it. */
static inline const char *
text_put(char **at, const char *text)
{
	size_t size = text_size(text);
	const char *start = memcpy(*at, text ? text : "", size);

	*at += size;
	return start;
}

#endif
