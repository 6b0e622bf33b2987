/* ear.h - what a part of a test writes to stderr, such as its log */
#ifndef NODELINK_TESTS_EAR_H
#define NODELINK_TESTS_EAR_H

struct ear {
	int saved, file;
};

struct ear ear_open(void);
/* All that was written since; free() it. */
char *ear_close(struct ear ear);

#endif
