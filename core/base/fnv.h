/* fnv.h - FNV-1a: tells texts apart that nobody chooses to be alike */
#ifndef NODELINK_BASE_FNV_H
#define NODELINK_BASE_FNV_H

#include <stddef.h>
#include <stdint.h>

#define FNV_START UINT64_C(0xcbf29ce484222325)

static inline uint64_t
fnv_add(uint64_t hash, const void *data, size_t len)
{
	for (const unsigned char *at = data; len; at++, len--)
		hash = (hash ^ *at) * UINT64_C(0x100000001b3);
	return hash;
}

#endif
