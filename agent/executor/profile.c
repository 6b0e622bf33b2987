/* profile.c - a seccomp profile as a whole: architectures, flags, the rest */
#include "executor/profile.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "json/json.h"

enum { TREE = 2 }; /* libseccomp: look calls up in a tree, not in a row */

AUTO_DEFINE(scmp_filter_ctx, seccomp_release)

/* ----------------------------------------------------------- architectures */

/* "SCMP_ARCH_X86_64"; 0: none that this libseccomp knows. */
static uint32_t
arch_of(const json_t *word)
{
	static const char prefix[] = "SCMP_ARCH_";
	const size_t skip = sizeof prefix - 1;
	const char *text = json_plain_text(word);
	char name[24];
	size_t n = 0;

	if (!text || strncmp(text, prefix, skip) != 0)
		return 0;
	for (text += skip; *text && n < sizeof name - 1; text++)
		name[n++] = (char)(*text >= 'A' && *text <= 'Z' ? *text + 32
								: *text);
	name[n] = 0;
	return *text ? 0 : seccomp_arch_resolve_name(name);
}

static int
add_arches(struct profile *p, const json_t *list, struct err *err)
{
	const json_t *word;
	size_t i;

	json_array_foreach(list, i, word)
	{
		const uint32_t arch = arch_of(word);
		char shown[JSON_SHOW];
		int r = arch ? seccomp_arch_add(p->filter, arch) : -EINVAL;

		if (r < 0 && r != -EEXIST)
			return err_set(err, -EINVAL,
				"architecture %s: not known, or not to be "
				"mixed with this machine's",
				json_show(word, shown));
	}
	return 0;
}

/* Of the map, the entry of this machine counts. */
static int
add_mapped(struct profile *p, const json_t *map, struct err *err)
{
	static const char *const known[] = { "architecture",
		"subArchitectures" };
	const json_t *entry;
	json_t *more = NULL;
	size_t i;
	int r = 0;

	json_array_foreach(map, i, entry)
	{
		if (!json_is_object(entry))
			return err_set(err, -EINVAL,
				"field 'archMap': expected objects");
		r = json_known(entry, known, ARRAY_SIZE(known), err);
		if (r < 0)
			return r;
		if (arch_of(json_object_get(entry, "architecture")) !=
			seccomp_arch_native())
			continue;
		r = json_get_array(entry, "subArchitectures", &more, err);
		return r == JSON_GOT ? add_arches(p, more, err) : r;
	}
	return 0;
}

static int
set_arches(struct profile *p, const json_t *profile, struct err *err)
{
	json_t *list = NULL, *map = NULL;
	int r = json_get_array(profile, "architectures", &list, err);

	if (r >= 0)
		r = json_get_array(profile, "archMap", &map, err);
	if (r >= 0 && list)
		r = add_arches(p, list, err);
	if (r >= 0 && map)
		r = add_mapped(p, map, err);
	return r < 0 ? r : 0;
}

/* -------------------------------------------------------------------- flags */

static int
read_flags(const json_t *profile, unsigned *out, struct err *err)
{
	static const struct {
		const char *name;
		unsigned flag;
	} flags[] = { { "SECCOMP_FILTER_FLAG_TSYNC", 0 }, /* one thread only */
		{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
		{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
			SECCOMP_FILTER_FLAG_SPEC_ALLOW } };
	const json_t *word;
	json_t *list = NULL;
	size_t at;
	int r = json_get_array(profile, "flags", &list, err);

	*out = 0;
	if (r != JSON_GOT)
		return r < 0 ? r : 0;
	json_array_foreach(list, at, word)
	{
		const char *text = json_plain_text(word);
		char shown[JSON_SHOW];
		size_t i = 0;

		while (text && i < ARRAY_SIZE(flags) &&
			strcmp(flags[i].name, text) != 0)
			i++;
		if (!text || i == ARRAY_SIZE(flags))
			return err_set(err, -EINVAL, "unknown flag %s",
				json_show(word, shown));
		*out |= flags[i].flag;
	}
	return 0;
}

/* ------------------------------------------------------------------- output */

/* libseccomp writes to a descriptor only. */
static int export(const struct profile *p, struct buf *code, struct err *err)
{
	AUTO_CLOSE int fd = memfd_create("nodelink-filter", MFD_CLOEXEC);
	int r = fd < 0 ? -errno : seccomp_export_bpf(p->filter, fd);
	size_t n;

	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		r = fd_read_all(fd, code, PROFILE_MAX);
	if (r < 0)
		return err_set(
			err, r, "cannot make the filter: %s", err_name(-r));
	n = code->len / sizeof(struct sock_filter);
	if (n > BPF_MAXINSNS)
		return err_set(err, -E2BIG,
			"the filter has %zu instructions, the kernel takes %d",
			n, BPF_MAXINSNS);
	return 0;
}

static int
add_rules(struct profile *p, const json_t *profile, struct err *err)
{
	const json_t *entry;
	json_t *list = NULL;
	struct err inner;
	size_t i;
	int r = json_get_array(profile, "syscalls", &list, err);

	json_array_foreach(list, i, entry)
	{
		r = profile_rule(p, entry, &inner);
		if (r < 0)
			return err_set(
				err, r, "syscalls[%zu]: %.450s", i, inner.text);
	}
	return r < 0 ? r : 0;
}

int
profile_compile(const json_t *profile, uint64_t caps, struct buf *code,
	unsigned *flags, struct buf *unknown, struct err *err)
{
	static const char *const known[] = { "defaultAction", "defaultErrnoRet",
		"defaultErrno", "architectures", "archMap", "flags",
		"syscalls" };
	AUTO(seccomp_release) scmp_filter_ctx filter = NULL;
	struct profile p = { .caps = caps, .unknown = unknown };
	int r = json_known(profile, known, ARRAY_SIZE(known), err);

	if (r == 0)
		r = profile_action(profile, "defaultAction", "defaultErrnoRet",
			"defaultErrno", &p.fallback, err);
	if (r == 0)
		r = read_flags(profile, flags, err);
	if (r < 0)
		return r;
	p.filter = filter = seccomp_init(p.fallback);
	if (!filter || seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, TREE))
		return err_set(err, -ENOMEM, "cannot make a filter");
	r = set_arches(&p, profile, err);
	if (r == 0)
		r = add_rules(&p, profile, err);
	return r < 0 ? r : export(&p, code, err);
}
