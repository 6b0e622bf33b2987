/* certs.c - certificates for tests, made anew: nothing expires in here */
#include "tests/unit/certs.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static const char functions[] =
	"set -e; cd \"$0\"; exec >>log 2>&1\n"
	"curve=\"-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes\"\n"
	"ca() { openssl req -x509 $curve -days 2 -keyout $1.key -out $1.crt"
	" -subj /CN=$1; }\n"
	"cert() { openssl req $curve -keyout $1.key -out $1.csr -subj /CN=$1\n"
	" echo \"subjectAltName=$3\" >$1.ext\n"
	" openssl x509 -req -in $1.csr -CA $2.crt -CAkey $2.key"
	" -CAcreateserial -days ${4:-2} -out $1.crt -extfile $1.ext\n"
	" chmod 600 $1.key; }\n";

bool
certs_can(void)
{
	return system("openssl version >/dev/null 2>&1") == 0;
}

void
certs_begin(char dir[CERTS_DIR])
{
	(void)snprintf(dir, CERTS_DIR, "/tmp/nodelink-certs-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

void
certs_end(const char *dir)
{
	certs_run(dir, "rm -r \"$0\"");
}

void
certs_run(const char *dir, const char *script)
{
	char command[4096];
	int n = snprintf(command, sizeof command, "sh -c '%s%s' %s", functions,
		script, dir);

	ck_assert_int_lt(n, sizeof command);
	ck_assert_int_eq(system(command), 0);
}

const char *
certs_path(const char *dir, const char *file)
{
	static char paths[8][256];
	static unsigned next;
	char *path = paths[next++ % 8];

	(void)snprintf(path, sizeof paths[0], "%s/%s", dir, file);
	return path;
}

char *
certs_read(const char *dir, const char *file)
{
	enum { FILE_MAX = 16 << 10 };
	FILE *in = fopen(certs_path(dir, file), "re");
	char *text = calloc(1, FILE_MAX);

	ck_assert_ptr_nonnull(in);
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_gt(fread(text, 1, FILE_MAX - 1, in), 0);
	(void)fclose(in);
	return text;
}
