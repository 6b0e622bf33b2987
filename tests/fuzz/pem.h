/* pem.h - bytes as what a certificate's library reads first */
#ifndef NODELINK_TESTS_FUZZ_PEM_H
#define NODELINK_TESTS_FUZZ_PEM_H

#include "tests/fuzz/fuzz.h"

/* The bytes as PEM of this kind: PEM_STRING_X509, ... free() it. */
char *input_pem(const struct input *in, const char *kind);

#endif
