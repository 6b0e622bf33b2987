/* hash.h - uthash with a hash function that every compiler takes
 *
 * Its default falls through between switch labels, which clang reports at each
 * of our uses. Keys here are short ids and numbers: FNV-1a does as well. */
#ifndef NODELINK_BASE_HASH_H
#define NODELINK_BASE_HASH_H

#define HASH_FUNCTION(key, len, value) HASH_FNV(key, len, value)
#include <uthash.h>

#endif
