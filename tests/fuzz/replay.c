/* replay.c - main() of the fuzz targets where there is no libFuzzer
 *
 * Runs the target on every file of its corpus, or on those that are named, and
 * speaks TAP. An input that crashes ends the program behind its name. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "tests/fuzz/fuzz.h"

enum { INPUT_MAX = 2 << 20 };

static int number;

static int
is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* In a block of just its size, so that a sanitizer sees every byte beyond. */
static void
replay(const char *path)
{
	FILE *file = fopen(path, "rbe");
	uint8_t *all = malloc(INPUT_MAX), *data = NULL;
	size_t len;

	if (!file || !all) {
		(void)printf("Bail out! cannot read %s: %s\n", path,
			strerror(errno));
		exit(1);
	}
	len = fread(all, 1, INPUT_MAX, file);
	(void)fclose(file);
	data = malloc(len ? len : 1);
	if (data)
		memcpy(data, all, len);
	free(all);
	(void)printf("# %s, %zu bytes\n", path, len);
	(void)fflush(stdout);
	if (data)
		(void)LLVMFuzzerTestOneInput(data, len);
	free(data);
	(void)printf("ok %d - %s\n", ++number, basename(path));
}

static int
replay_folder(const char *folder)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, is_input, alphasort);

	if (n <= 0) {
		(void)printf("Bail out! no inputs in %s\n", folder);
		return 1;
	}
	(void)printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		AUTO_FREE char *path = NULL;

		MUST(asprintf(&path, "%s/%s", folder, entries[i]->d_name) > 0);
		free(entries[i]);
		replay(path);
	}
	free(entries);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir");
	const char *name = strstr(program_invocation_short_name, "fuzz-");
	AUTO_FREE char *folder = NULL;

	if (argc > 1) {
		(void)printf("1..%d\n", argc - 1);
		for (int i = 1; i < argc; i++)
			replay(argv[i]);
		return 0;
	}
	MUST(asprintf(&folder, "%s/tests/fuzz/corpus/%s", top ? top : ".",
		     name ? name + 5 : "") > 0);
	return replay_folder(folder);
}
