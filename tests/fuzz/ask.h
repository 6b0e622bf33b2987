/* ask.h - a request to the server of rig.h, and what every answer must be */
#ifndef NODELINK_TESTS_FUZZ_ASK_H
#define NODELINK_TESTS_FUZZ_ASK_H

#include "base/buf.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/rig.h"

/* Ids that inputs may name, of as many characters as real ones: of a task that
 * runs, of one that has ended, and of one that does not exist. */
#define ASK_RUNNING "00000000-0000-7000-8000-000000000001"
#define ASK_ENDED "00000000-0000-7000-8000-000000000002"
#define ASK_MISSING "00000000-0000-7000-8000-000000000003"

/* Of a session on RIG_GUARDED; another one for each server. */
enum { ASK_COOKIE = 65 };
extern char ask_cookie[ASK_COOKIE];

/* Ask it of a server with these tasks; the request is changed. What came back
 * is there until the next call. */
const struct buf *ask(enum rig_kind kind, struct buf *request);

/* The same of lines: a request line without version, headers, an empty line,
 * the body. Host and Content-Length are added; "$TOKEN" is one that is known,
 * "$COOKIE" the value of a session's.
 * NULL: it was not asked. */
const struct buf *ask_lines(enum rig_kind kind, struct input in);

#endif
