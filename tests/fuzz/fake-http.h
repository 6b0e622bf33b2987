/* fake-http.h - a server for the verbs of nodelink that says whatever it wants
 *
 * In place of cli/http.c. Each request has the next answer: a line with its
 * status, and what follows up to a line "--". When there is none left, or the
 * status is 0, the connection breaks. */
#ifndef NODELINK_TESTS_FUZZ_FAKE_HTTP_H
#define NODELINK_TESTS_FUZZ_FAKE_HTTP_H

#include "cli/http.h"
#include "tests/fuzz/fuzz.h"

/* The answers, and how many there were requests since then. */
void fake_http_load(struct input answers);
size_t fake_http_asked(void);

#endif
