/* facts.h - names and values, one a line: what is known about one thing
 *
 *	status   cancelled, 3m ago
 *	command  make -j8
 *
 * What is empty is left out, so that what is there is worth reading. Errors
 * stick until facts_print(). */
#ifndef NODELINK_CLI_FACTS_H
#define NODELINK_CLI_FACTS_H

#include "base/err.h"
#include "cli/table.h"
#include "cli/term.h"

struct facts {
	struct table *table; /* own */
	const struct term *term;
	int r;
};

void facts_init(struct facts *facts, const struct term *term);
void facts_done(struct facts *facts);
#define AUTO_FACTS __attribute__((cleanup(facts_done)))

/* Unless the text is empty. */
void facts_add(struct facts *facts, const char *name, const char *text);
void facts_addf(struct facts *facts, const char *name, enum term_style style,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* To stdout. 0 or -ENOMEM with text. */
int facts_print(const struct facts *facts, struct err *err);

#endif
