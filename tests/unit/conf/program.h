/* program.h - a program with settings of every type, and ways to start it */
#ifndef NODELINK_TESTS_CONF_PROGRAM_H
#define NODELINK_TESTS_CONF_PROGRAM_H

#include "conf/conf.h"

/* Its default file is "demo.conf" in the present directory. */
extern struct conf_program program;

/* conf_new() with these arguments behind the program's name. The last text of
 * an error is in `err`. */
extern struct err err;
int start(struct conf **out, ...) __attribute__((sentinel));

/* A new private directory below /tmp becomes the present one. */
void enter_directory(void);
void write_file(const char *name, const char *text, unsigned mode);
/* Removes the files named and the directory. */
void leave_directory(void);

/* The error says all of these (NULL at the end). */
void check_err_says(const char *word, ...) __attribute__((sentinel));

#endif
