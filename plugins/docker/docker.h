/* docker.h - what all files of the plugin share */
#ifndef NODELINK_DOCKER_DOCKER_H
#define NODELINK_DOCKER_DOCKER_H

#include <nodelink/plugin.h>

/* One per process, for its whole life. */
extern const struct ndl_host *host;

/* Labels of every container we make. Others are never touched. */
#define LABEL_TASK "nodelink.task"
#define LABEL_AGENT "nodelink.agent"

#endif
