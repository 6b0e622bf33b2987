/* whoami.c - the effective uid, for a copy that is setuid */
#include <stdio.h>
#include <unistd.h>

int
main(void)
{
	(void)printf("%u\n", (unsigned)geteuid());
	return 0;
}
