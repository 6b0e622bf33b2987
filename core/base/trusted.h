/* trusted.h - files that only root or we ourselves can have put there */
#ifndef NODELINK_BASE_TRUSTED_H
#define NODELINK_BASE_TRUSTED_H

#include "base/err.h"

/* Opens a file for reading, and looks at what was opened: a regular file that
 * belongs to root or to us and that neither group nor others may write, in a
 * folder of which the same is true. The descriptor, or -errno with text, which
 * begins with what ("plugin"). */
int trusted_open(const char *path, const char *what, struct err *err);

#endif
