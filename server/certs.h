/* certs.h - certificate files of a listener: read, and again when they change
 *
 * They are looked at each second, and read when they have changed and then
 * stayed the same for a second: whoever writes them writes more than one. What
 * cannot be used is told once and leaves what is in use. That one in use ends is
 * told each day from a week before; that of the CAs is, too. */
#ifndef NODELINK_SERVER_CERTS_H
#define NODELINK_SERVER_CERTS_H

#include "base/err.h"
#include "loop/loop.h"
#include "tls/tls.h"

struct certs;

/* Read now; files is borrowed, section names it in the log. -errno with text. */
int certs_new(struct loop *loop, const char *section,
	const struct tls_files *files, struct certs **out, struct err *err);
void certs_free(struct certs *certs);
AUTO_DEFINE(struct certs *, certs_free)

/* NULL for NULL. Borrowed; until the next change. */
const struct tls_pem *certs_pem(const struct certs *certs);

/* From now on use() gets what has changed; 0, or -errno with text. */
typedef int certs_use_fn(void *arg, const struct tls_pem *pem, struct err *err);
void certs_follow(struct certs *certs, certs_use_fn *use, void *arg);
/* Read now, changed or not. */
void certs_reload(struct certs *certs);

#endif
