/* certs.h - certificates for tests, made anew: nothing expires in here */
#ifndef NODELINK_TESTS_CERTS_H
#define NODELINK_TESTS_CERTS_H

#include <stdbool.h>

/* Without the openssl program there are none. */
bool certs_can(void);

/* A new folder. */
enum { CERTS_DIR = 32 };
void certs_begin(char dir[CERTS_DIR]);
void certs_end(const char *dir);

/* A shell script in the folder, which may use
 *	ca NAME			NAME.crt and NAME.key
 *	cert NAME CA SAN [DAYS]	NAME.crt and NAME.key, signed by CA
 * and has to succeed. */
void certs_run(const char *dir, const char *script);

/* A file's text; free() it. */
char *certs_read(const char *dir, const char *file);
/* Its path, in memory that a few later calls use again. */
const char *certs_path(const char *dir, const char *file);

#endif
