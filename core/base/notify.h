/* notify.h - tells whoever started us that we are ready: systemd's Type=notify
 *
 * The socket that NOTIFY_SOCKET names is opened before a sandbox that lets
 * nobody connect, and written to when all works. */
#ifndef NODELINK_BASE_NOTIFY_H
#define NODELINK_BASE_NOTIFY_H

/* A descriptor to close; -1: nobody asked, or he cannot be reached, which is
 * no reason not to serve. Takes the variable out of the environment. */
int notify_open(void);
void notify_ready(int fd); /* -1 is fine */

#endif
