/* err.h - the text of an error, for a person
 *
 * Functions return 0 or -errno; those that can say more than errno take a
 * struct err as last parameter. It lives on the caller's stack. */
#ifndef NODELINK_BASE_ERR_H
#define NODELINK_BASE_ERR_H

struct err {
	char text[512];
};

/* Writes the text and returns code, so that "return err_set(...)" reads
 * well. err may be NULL. The text should name the thing, its value, and
 * what to do. */
int err_set(struct err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Name of a positive errno as text; thread-safe, static memory. */
const char *err_name(int errnum);

#endif
