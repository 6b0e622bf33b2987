/* auto.h - locals that clean up after themselves
 *
 *	AUTO(words_free) struct words *w = words_new();
 *	AUTO_CLOSE int fd = fd_open(...);
 *	return TAKE(w);			hands over and clears
 */
#ifndef NODELINK_BASE_AUTO_H
#define NODELINK_BASE_AUTO_H

#include <stdlib.h>
#include <unistd.h>

/* Declares the helper that AUTO(fn) uses; put it below fn's prototype. */
#define AUTO_DEFINE(type, fn) \
	static inline void auto_##fn(type *p) \
	{ \
		if (*p) \
			fn(*p); \
	}

#define AUTO(fn) __attribute__((cleanup(auto_##fn)))
#define AUTO_FREE __attribute__((cleanup(auto_free_memory)))
#define AUTO_CLOSE __attribute__((cleanup(auto_close_fd)))

#define TAKE(x) \
	__extension__({ \
		__auto_type take_value = (x); \
		(x) = NULL; \
		take_value; \
	})
#define TAKE_FD(x) \
	__extension__({ \
		int take_value = (x); \
		(x) = -1; \
		take_value; \
	})

static inline void
auto_free_memory(void *p)
{
	free(*(void **)p);
}

static inline void
auto_close_fd(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* never retried: the number is gone anyway */
}

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
