/* shim.c - what nodelink-executor and a nodelink-shim say to each other */
#include "proc/shim.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/auto.h"

union fd_room {
	struct cmsghdr head; /* for its alignment */
	char bytes[CMSG_SPACE(sizeof(int))];
};

int
shim_send(int socket, const struct shim_msg *msg, int fd)
{
	union fd_room room;
	struct iovec piece = { (void *)(uintptr_t)msg, sizeof *msg };
	struct msghdr h = { .msg_iov = &piece, .msg_iovlen = 1 };

	if (fd >= 0) {
		memset(&room, 0, sizeof room);
		room.head.cmsg_level = SOL_SOCKET;
		room.head.cmsg_type = SCM_RIGHTS;
		room.head.cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(&room.head), &fd, sizeof fd);
		h.msg_control = &room;
		h.msg_controllen = sizeof room;
	}
	if (sendmsg(socket, &h, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return -errno;
	return 0;
}

int
shim_receive(int socket, int wait_ms, struct shim_msg *out, int *fd)
{
	struct pollfd p = { .fd = socket, .events = POLLIN };
	AUTO_CLOSE int passed = -1;
	union fd_room room;
	struct shim_msg msg;
	struct iovec piece = { &msg, sizeof msg };
	struct msghdr h = { .msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = &room,
		.msg_controllen = sizeof room };
	ssize_t n;

	while (wait_ms && poll(&p, 1, wait_ms) < 0 && errno == EINTR)
		;
	n = recvmsg(socket, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == ECONNRESET ? SHIM_OVER : -errno;
	if (h.msg_controllen >= CMSG_LEN(sizeof passed) &&
		room.head.cmsg_type == SCM_RIGHTS)
		memcpy(&passed, CMSG_DATA(&room.head), sizeof passed);
	if (n == 0)
		return SHIM_OVER;
	if (n != sizeof msg)
		return -EBADMSG;
	*out = msg;
	*fd = TAKE_FD(passed);
	return 0;
}

int
shim_peek(int socket, struct shim_msg *out)
{
	ssize_t n;

	/* It died without having read everything: said once, and before its
	 * last words. */
	do
		n = recv(socket, out, sizeof *out, MSG_PEEK | MSG_DONTWAIT);
	while (n < 0 && errno == ECONNRESET);
	if (n == 0)
		return SHIM_OVER;
	if (n < 0)
		return -errno;
	return n == sizeof *out ? 0 : -EBADMSG;
}
