/* process.h - what this process uses, as the kernel counts it */
#ifndef NODELINK_METRICS_PROCESS_H
#define NODELINK_METRICS_PROCESS_H

#include <stdint.h>

struct process { /* descriptors of /proc, -1: none */
	int statm, fds;
	uint64_t max_fds;
};

/* Before the sandbox, which lets nobody open such files any more. What cannot
 * be opened is not told later. */
void process_open(struct process *p);
void process_close(struct process *p);

struct process_use {
	double cpu_seconds;
	uint64_t virtual_bytes, resident_bytes, fds; /* 0: not known */
};
void process_read(const struct process *p, struct process_use *out);

#endif
