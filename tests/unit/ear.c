/* ear.c - what a part of a test writes to stderr, such as its log */
#include "tests/unit/ear.h"

#include <check.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

struct ear
ear_open(void)
{
	struct ear ear = { dup(STDERR_FILENO),
		memfd_create("ear", MFD_CLOEXEC) };

	ck_assert_int_ge(ear.saved, 0);
	ck_assert_int_ge(ear.file, 0);
	ck_assert_int_ge(dup2(ear.file, STDERR_FILENO), 0);
	return ear;
}

char *
ear_close(struct ear ear)
{
	off_t len = lseek(ear.file, 0, SEEK_END);
	char *text = calloc(1, (size_t)len + 1);

	ck_assert_int_ge(dup2(ear.saved, STDERR_FILENO), 0);
	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(pread(ear.file, text, (size_t)len, 0), len);
	(void)close(ear.saved);
	(void)close(ear.file);
	return text;
}
