/* print-layout.c - the binary form of <nodelink/plugin.h>, one line a fact
 *
 * Compared with layout-1.golden: old lines must stay, new ones are allowed
 * and belong into the golden file with the minor number that brings them. */
#include <nodelink/plugin.h>

#define SIZE(type) (void)printf("%s size %zu\n", #type, sizeof(struct type))
#define AT(type, member) \
	(void)printf("%s.%s at %zu, %zu bytes\n", #type, #member, \
		offsetof(struct type, member), \
		sizeof(((struct type *)0)->member))
#define VALUE(name) (void)printf("%s = %d\n", #name, (int)(name))

static void
print_structs(void)
{
	AT(ndl_field, name);
	AT(ndl_field, fallback);
	AT(ndl_field, help);
	AT(ndl_field, type);
	AT(ndl_field, flags);
	AT(ndl_cancel, size);
	AT(ndl_cancel, reason);
	AT(ndl_cancel, grace_ms);
	AT(ndl_cancel, force);
	AT(ndl_cancel, code);
	AT(ndl_cancel, flags);
	AT(ndl_cancel, name);
	AT(ndl_cancel, text);
	AT(ndl_cancel, signo);
	AT(ndl_cancel, reserved);
	AT(ndl_result, size);
	AT(ndl_result, outcome);
	AT(ndl_result, code);
	AT(ndl_result, flags);
	AT(ndl_result, message);
	AT(ndl_result, failure);
	AT(ndl_result, rule);
	AT(ndl_exit, size);
	AT(ndl_exit, outcome);
	AT(ndl_exit, code);
	AT(ndl_exit, flags);
	AT(ndl_exit, child);
	AT(ndl_exit, cpu_us);
	AT(ndl_exit, max_rss_kb);
	AT(ndl_spawn, size);
	AT(ndl_spawn, flags);
	AT(ndl_spawn, path);
	AT(ndl_spawn, argv);
	AT(ndl_spawn, envp);
	AT(ndl_spawn, cwd);
	AT(ndl_spawn, io);
	AT(ndl_spawn, fd);
	AT(ndl_spawn, on_exit);
	AT(ndl_spawn, arg);
	AT(ndl_host, size);
	AT(ndl_host, abi);
	AT(ndl_host, version);
	AT(ndl_host, setting);
	AT(ndl_host, setting_list);
	AT(ndl_host, task_id);
	AT(ndl_host, param);
	AT(ndl_host, param_list);
	AT(ndl_host, log);
	AT(ndl_host, emit);
	AT(ndl_host, pump);
	AT(ndl_host, finish);
	AT(ndl_host, now_ms);
	AT(ndl_host, timer);
	AT(ndl_host, watch);
	AT(ndl_host, rewatch);
	AT(ndl_host, drop);
	AT(ndl_host, post);
	AT(ndl_host, spawn);
	AT(ndl_host, signal);
	AT(ndl_host, agent);
	AT(ndl_host, env);
	AT(ndl_host, stuck);
	AT(ndl_host, is_elsewhere);
	AT(ndl_host, left);
	AT(ndl_plugin, size);
	AT(ndl_plugin, abi);
	AT(ndl_plugin, field_size);
	AT(ndl_plugin, flags);
	AT(ndl_plugin, name);
	AT(ndl_plugin, version);
	AT(ndl_plugin, summary);
	AT(ndl_plugin, settings);
	AT(ndl_plugin, params);
	AT(ndl_plugin, init);
	AT(ndl_plugin, sweep);
	AT(ndl_plugin, start);
	AT(ndl_plugin, cancel);
	AT(ndl_plugin, drained);
	AT(ndl_plugin, reap);
	AT(ndl_plugin, fini);
}

static void
print_values(void)
{
	VALUE(NDL_ABI_MAJOR);
	VALUE(NDL_ERROR);
	VALUE(NDL_WARN);
	VALUE(NDL_INFO);
	VALUE(NDL_DEBUG);
	VALUE(NDL_IN);
	VALUE(NDL_OUT);
	VALUE(NDL_ERR);
	VALUE(NDL_TEXT);
	VALUE(NDL_BOOL);
	VALUE(NDL_INT);
	VALUE(NDL_SIZE);
	VALUE(NDL_MSEC);
	VALUE(NDL_PATH);
	VALUE(NDL_REQUIRED);
	VALUE(NDL_LIST);
	VALUE(NDL_SECRET);
	VALUE(NDL_BY_USER);
	VALUE(NDL_BY_DEADLINE);
	VALUE(NDL_BY_SHUTDOWN);
	VALUE(NDL_BY_LOST_LINK);
	VALUE(NDL_BY_LIMIT);
	VALUE(NDL_EXITED);
	VALUE(NDL_KILLED);
	VALUE(NDL_FAILED);
	VALUE(NDL_READ);
	VALUE(NDL_WRITE);
	VALUE(NDL_IO_STREAM);
	VALUE(NDL_IO_NULL);
	VALUE(NDL_IO_FD);
	VALUE(NDL_DEFAULT);
	VALUE(NDL_OWN_END);
	VALUE(NDL_EMIT_MAX);
}

int
main(void)
{
	/* Sizes may grow; a field table is walked by the plugin's stride. */
	SIZE(ndl_field);
	print_structs();
	print_values();
	return 0;
}
