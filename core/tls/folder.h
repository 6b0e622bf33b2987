/* folder.h - certificates and keys into files: each appears whole or not at all
 *
 * What root makes belongs to whom the folder (or the one above it) belongs, so
 * that root may make it for a program that runs as somebody else. */
#ifndef NODELINK_TLS_FOLDER_H
#define NODELINK_TLS_FOLDER_H

#include <stdbool.h>

#include "tls/openssl.h"

/* The last part of the path, mode 0700; as it is if it is there. -errno with
 * text, as all of these. */
int folder_make(const char *dir, struct err *err);
/* Root becomes whom the folder belongs to, and whatever it may not enter then is
 * not to be written. For a program that gives up what else root may do. */
int folder_become_owner(const char *dir, struct err *err);
/* Mode 0600 when secret, else 0644. */
int folder_write(const char *dir, const char *name, const char *text,
	bool secret, struct err *err);
int folder_write_key(
	const char *dir, const char *name, EVP_PKEY *key, struct err *err);

#endif
