/* tokens.c - the file that says which agents may connect */
#include "tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/id.h"

enum { FILE_MAX = 16 << 20 };

static int
read_file(const char *path, struct buf *out, struct err *err)
{
	AUTO_CLOSE int fd = fd_open(path, O_RDONLY | O_NONBLOCK);
	struct stat st;
	int r;

	if (fd < 0)
		return err_set(err, fd, "cannot read tokens file '%s': %s",
			path, err_name(-fd));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, -EINVAL,
			"tokens file '%s' is not a regular file", path);
	if (st.st_mode & 077)
		return err_set(err, -EPERM,
			"tokens file '%s' is open to other users (mode %04o); "
			"do: chmod 600 '%s'",
			path, (unsigned)(st.st_mode & 07777), path);
	r = fd_read_all(fd, out, FILE_MAX);
	return r < 0 ? err_set(err, r, "cannot read tokens file '%s': %s", path,
			       err_name(-r))
		     : 0;
}

/* Never shows the token: this text may end in a log. */
static int
read_line(char *line, const char *path, int number, struct hub *hub,
	struct err *err)
{
	char *rest = line;
	const char *id = strsep(&rest, " \t");
	const char *token;
	int r;

	while (rest && (*rest == ' ' || *rest == '\t'))
		rest++;
	token = strsep(&rest, " \t");
	if (!id_valid_agent(id))
		return err_set(err, -EINVAL, "%s:%d: '%.64s' is no agent id",
			path, number, id);
	if (!token || !*token || (rest && *rest))
		return err_set(err, -EINVAL,
			"%s:%d: expected \"agent_id token\"", path, number);
	r = hub_allow_agent(hub, id, token);
	if (r < 0)
		return err_set(err, r, "%s:%d: agent '%s': %s", path, number,
			id, err_name(-r));
	return 0;
}

int
tokens_file_read(const char *path, struct hub *hub, struct err *err)
{
	AUTO_BUF struct buf text = { 0 };
	char *rest, *line;
	int number = 0;
	int r = read_file(path, &text, err);

	rest = text.len ? (char *)text.data : NULL;
	while (r == 0 && (line = strsep(&rest, "\n"))) {
		number++;
		line[strcspn(line, "\r")] = 0;
		line += strspn(line, " \t");
		if (*line && *line != '#')
			r = read_line(line, path, number, hub, err);
	}
	if (text.data)
		explicit_bzero(text.data, text.len);
	return r;
}
