/* wire-again.h - read a message, write it, and read it once more */
#ifndef NODELINK_TESTS_FUZZ_WIRE_AGAIN_H
#define NODELINK_TESTS_FUZZ_WIRE_AGAIN_H

#include "wire/msg.h"

/* False: it is malformed, or of a kind that this version does not know. */
bool wire_again(enum msg_way way, const uint8_t *data, size_t len);

#endif
