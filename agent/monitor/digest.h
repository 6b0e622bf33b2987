/* digest.h - all that shapes an executor, as one number
 *
 * An executor is started with the digest among its arguments. The next monitor
 * makes it again of its own settings: where it differs, so does something that
 * tasks would be judged or run by. */
#ifndef NODELINK_MONITOR_DIGEST_H
#define NODELINK_MONITOR_DIGEST_H

#include "base/err.h"
#include "monitor/args.h"
#include "monitor/plugins.h"
#include "monitor/settings.h"

struct digest {
	char text[32]; /* the argument, "--digest=..." */
};

/* Of these arguments, the programs and files that they name, users' numbers and
 * groups, and what it inherits of us. */
void digest_make(const struct settings *s, const struct plugin_file *plugin,
	const struct args *argv, struct digest *out);

#endif
