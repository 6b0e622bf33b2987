/* test-arena.c - many small pieces of memory, freed at once */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>

#include "tests/unit/unit.h"

TEST(gives_zeroed_aligned_pieces_of_any_size)
{
	AUTO_ARENA struct arena a = { 0 };

	for (size_t size = 0; size < 10000; size += 97) {
		unsigned char *p = arena_alloc(&a, size);

		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			ck_assert_uint_eq(p[i], 0);
	}
}
END

TEST(refuses_sizes_that_overflow)
{
	AUTO_ARENA struct arena a = { 0 };

	ck_assert_ptr_null(arena_array(&a, SIZE_MAX / 2, 3));
	ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX));
}
END

	UNIT_MAIN("arena", gives_zeroed_aligned_pieces_of_any_size,
		refuses_sizes_that_overflow)
