/* leftovers.h - processes of an executor that was killed
 *
 * Its tasks' leaders died with it (PR_SET_PDEATHSIG); what they had started
 * goes on, and nobody but the next executor can know it. */
#ifndef NODELINK_EXECUTOR_LEFTOVERS_H
#define NODELINK_EXECUTOR_LEFTOVERS_H

/* SIGKILL to the process group of everything that was started with a
 * NODELINK_TASK_DIR below this scratch folder, until none of it lives. Blocks;
 * before the loop runs. 0; how many live after a second of it; or -errno. */
int leftovers_kill(const char *scratch);

#endif
