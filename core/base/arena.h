/* arena.h - many small pieces of memory, freed at once */
#ifndef NODELINK_BASE_ARENA_H
#define NODELINK_BASE_ARENA_H

#include <stddef.h>

struct arena_chunk;
struct arena {
	struct arena_chunk *chunks;
};

/* A zeroed struct arena is an empty one. */
void arena_done(struct arena *a);
#define AUTO_ARENA __attribute__((cleanup(arena_done)))

/* Zeroed and aligned for any type; NULL when out of memory. */
void *arena_alloc(struct arena *a, size_t size);
/* n pieces of `size` bytes in a row; NULL when that overflows. */
void *arena_array(struct arena *a, size_t n, size_t size);

#endif
