/* dump.h - a program that holds secrets leaves none of its memory behind */
#ifndef NODELINK_BASE_DUMP_H
#define NODELINK_BASE_DUMP_H

#include "base/err.h"

/* No core dumps, and no debugger of our own user, from here on. First of all in
 * main(). 0, or -errno with text. */
int dump_forbid(struct err *err);

#endif
