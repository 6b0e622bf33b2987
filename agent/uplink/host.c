/* host.c - what a Hello says of this host */
#include "uplink/host.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

void
host_learn(struct host *host)
{
	AUTO_CLOSE int fd =
		fd_open("/proc/sys/kernel/random/boot_id", O_RDONLY);
	ssize_t n =
		fd < 0 ? 0 : read(fd, host->boot_id, sizeof host->boot_id - 1);

	host->boot_id[n > 0 ? n : 0] = 0;
	host->boot_id[strcspn(host->boot_id, "\n")] = 0;
	if (gethostname(host->name, sizeof host->name - 1) < 0)
		host->name[0] = 0;
}
