/* seccomp.c - the filter of system calls that programs of tasks run under */
#include "executor/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/fd.h"
#include "base/log.h"
#include "conf/conf.h"
#include "executor/profile.h"
#include "json/json.h"

/* Profiles allow more to who has more: root's tasks keep our capabilities, all
 * others have none. */
enum whose { OF_USERS, OF_ROOT, KINDS };

struct seccomp {
	bool exists, required;
	struct buf code[KINDS];
	struct spawn_filter filter[KINDS];
};

static uint64_t
our_caps(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
	uint64_t caps;

	if (syscall(SYS_capget, &header, data) < 0)
		return 0;
	caps = data[0].permitted | (uint64_t)data[1].permitted << 32;
	for (unsigned i = 0; i < 64; i++)
		if (caps >> i & 1 && prctl(PR_CAPBSET_READ, i, 0, 0, 0) != 1)
			caps &= ~((uint64_t)1 << i);
	return caps;
}

static int
read_profile(const char *file, json_t **out, struct err *err)
{
	static const char what[] = "seccomp profile";
	/* non-blocking: a pipe at this place must not hold us up */
	AUTO_CLOSE int fd = fd_open(file, O_RDONLY | O_NONBLOCK);
	AUTO_BUF struct buf text = { 0 };
	struct err why;
	int r;

	if (fd < 0)
		return err_set(err, fd, "cannot read %s '%s': %s", what, file,
			err_name(-fd));
	r = conf_trust(fd, what, file, false, err);
	if (r < 0)
		return r;
	r = fd_read_all(fd, &text, PROFILE_MAX);
	if (r < 0)
		return err_set(err, r, "cannot read %s '%s': %s", what, file,
			err_name(-r));
	r = json_parse(text.data, text.len, out, &why);
	return r < 0 ? err_set(err, r, "%s '%s': %.400s", what, file, why.text)
		     : 0;
}

static int
compile(struct seccomp *s, enum whose whose, const json_t *profile,
	const char *file, struct err *err)
{
	AUTO_BUF struct buf unknown = { 0 };
	struct spawn_filter *filter = &s->filter[whose];
	struct buf *code = &s->code[whose];
	struct err why = { "out of memory" };
	int r = profile_compile(profile, whose == OF_ROOT ? our_caps() : 0,
		code, &filter->flags, &unknown, &why);

	if (r == 0)
		r = profile_check(code, &why);
	if (r < 0)
		return err_set(
			err, r, "seccomp profile '%s': %.400s", file, why.text);
	filter->code = (const struct sock_filter *)(const void *)code->data;
	filter->n = (unsigned short)(code->len / sizeof *filter->code);
	log_debug("seccomp profile '%s': %u instructions", file,
		(unsigned)filter->n);
	if (unknown.len && whose == OF_USERS)
		log_info("seccomp profile '%s': not known here, and forbidden: "
			 "%s",
			file, buf_text(&unknown));
	return 0;
}

int
seccomp_new(
	const char *file, bool required, struct seccomp **out, struct err *err)
{
	AUTO(seccomp_free) struct seccomp *s = calloc(1, sizeof *s);
	AUTO(json_decref) json_t *profile = NULL;
	int r = 0;

	if (!s)
		return err_set(err, -ENOMEM, "out of memory");
	s->exists = file != NULL;
	s->required = required;
	if (file)
		r = read_profile(file, &profile, err);
	for (int i = 0; file && i < KINDS && r == 0; i++)
		r = compile(s, (enum whose)i, profile, file, err);
	if (r == 0)
		*out = TAKE(s);
	return r;
}

void
seccomp_free(struct seccomp *s)
{
	for (int i = 0; s && i < KINDS; i++)
		buf_done(&s->code[i]);
	free(s);
}

const struct spawn_filter *
seccomp_choose(const struct seccomp *s, const struct user *user,
	enum msg_seccomp asked)
{
	if (!s->exists || (asked == MSG_SECCOMP_NONE && !s->required))
		return NULL;
	return &s->filter[user->id.uid == 0 ? OF_ROOT : OF_USERS];
}

const char *
seccomp_name(const struct seccomp *s)
{
	return !s->exists ? "none" : s->required ? "required" : "default";
}
