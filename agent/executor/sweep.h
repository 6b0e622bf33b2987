/* sweep.h - remove what tasks left, a slice at a time, between scratch's files */
#ifndef NODELINK_EXECUTOR_SWEEP_H
#define NODELINK_EXECUTOR_SWEEP_H

#include <dirent.h>
#include <stdbool.h>

#include "base/auto.h"

/* Folders to be removed, and those of them that could not. */
#define SWEEP_GONE ".gone-"
#define SWEEP_STUCK ".stuck-"

void sweep_close_dir(DIR *dir);
AUTO_DEFINE(DIR *, sweep_close_dir)

/* A real folder to read, also when its owner took the permissions away; they
 * are given back. 0 or -errno. */
int sweep_open(int at, const char *name, DIR **out);

bool sweep_is_dot(const char *name);

/* Some of the task's folder `name` in `at`, or all of it. 0: there is more;
 * 1: it is gone; -errno: something in it cannot be removed. */
int sweep_slice(int at, const char *name);

#endif
