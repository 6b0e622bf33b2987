/* completion.h - what may come next on a command line, from the verbs' tables */
#ifndef NODELINK_CLI_COMPLETION_H
#define NODELINK_CLI_COMPLETION_H

#include "cli/verb.h"
#include "conf/conf.h"

/* Where words come from: the name of something that "nodelink completion" can
 * be asked for (agents, tasks, unfinished, contexts), "files", "=a b c" for
 * these, or "" when nobody knows. */
const char *completion_of_words(const struct verb *verb);
const char *completion_of_flag(const struct conf_item *item);

/* How many verbs from this one on share its first word: a family. */
size_t completion_family(size_t first);

/* The scripts, on stdout. 0 or -ENOMEM. */
int completion_bash(void);
int completion_zsh(void);

#endif
