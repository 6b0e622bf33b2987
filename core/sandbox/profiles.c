/* profiles.c - which system calls each program may make
 *
 * A program is initialised when its filter comes: what it does only before
 * (binding, loading libraries, making threads' stacks executable) is not here.
 * Names of other architectures and libcs stand beside ours; those that one
 * lacks are skipped. To learn what is missing: [sandbox] seccomp = kill names
 * the call on stderr, = log has the kernel note it and go on. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "sandbox/profile.h"
#include "sandbox/sandbox.h"

#define HAS(n, m, v) \
	{ \
		.kind = MASKED, .arg = (n), .mask = (m), .value = (v) \
	}
#define IS(n, v) HAS(n, ~(uint64_t)0, v)
/* Of an int; libc may leave anything in the other bits, and the kernel does
 * not look at them. */
#define INT(n, v) HAS(n, 0xffffffff, v)
#define INT_HAS(n, m, v) HAS(n, (uint32_t)(m), v)

#if defined(__s390__) || defined(__CRIS__)
#define CLONE_FLAGS 1
#else
#define CLONE_FLAGS 0
#endif

/* --------------------------------------------------------- all programs of ours */

static const struct sandbox_rule descriptors[] = {
	{ .calls = "read readv pread64 preadv write writev pwrite64 pwritev "
		   "lseek _llseek close fstat fstat64 "
		   "newfstatat fstatat64 stat stat64 lstat lstat64 statx dup "
		   "dup2 dup3 pipe2 poll ppoll ppoll_time64 select "
		   "_newselect pselect6 pselect6_time64 epoll_create1 "
		   "epoll_ctl epoll_wait epoll_pwait epoll_pwait2 eventfd2" },
	/* Not F_SETOWN, F_SETSIG and F_SETOWN_EX, by which the kernel sends
	 * signals for us, to anybody of our user before Landlock 6: what came
	 * with POSIX, but with large offsets on 32 bits (12 to 14), and the
	 * locks of open files (36 to 38). */
	{ .calls = "fcntl fcntl64", .tests = { HAS(1, 0xfffffff8, 0) } },
	{ .calls = "fcntl fcntl64", .tests = { IS(1, 12) } },
	{ .calls = "fcntl fcntl64", .tests = { IS(1, 13) } },
	{ .calls = "fcntl fcntl64", .tests = { IS(1, 14) } },
	{ .calls = "fcntl fcntl64", .tests = { HAS(1, 0xfffffffc, 36) } },
	{ .calls = "fcntl fcntl64", .tests = { IS(1, F_DUPFD_CLOEXEC) } },
	/* Not those that act on terminals, as TIOCSTI does. */
	{ .calls = "ioctl", .tests = { IS(1, FIONBIO) } },
	{ .calls = "ioctl", .tests = { IS(1, FIONREAD) } },
	{ .calls = "ioctl", .tests = { IS(1, TCGETS) } },
	/* libuv from 1.45 tries these first. They would be a way around this
	 * list, whose calls can be made through a ring as well. */
	{ .calls = "io_uring_setup io_uring_enter io_uring_register",
		.error = ENOSYS },
	{ 0 },
};

/* Memory is writable or executable, never both, and never becomes so: see
 * libraries[] for the only code that comes later. */
static const struct sandbox_rule memory[] = {
	{ .calls = "brk" },
	{ .calls = "mmap", .tests = { HAS(2, PROT_EXEC, 0) } },
	{ .calls = "mmap2", .tests = { HAS(2, PROT_EXEC, 0) } },
	{ .calls = "mprotect", .tests = { HAS(2, PROT_EXEC, 0) } },
	{ .calls = "munmap mremap madvise" },
	{ 0 },
};

/* A signal with another bit; "!=" would look at those that the kernel does not. */
#define NOT_SIGSYS(bit) \
	.calls = "rt_sigaction", .tests = { HAS(0, bit, ~SIGSYS & (bit)) }

static const struct sandbox_rule process[] = {
	{ .calls = "exit exit_group restart_syscall" },
	/* abort() and raise(); to nobody else */
	{ .calls = "tgkill", .tests = { { .kind = OWN_PID } } },
	/* trap.c has the last handler of SIGSYS */
	{ NOT_SIGSYS(1) },
	{ NOT_SIGSYS(2) },
	{ NOT_SIGSYS(4) },
	{ NOT_SIGSYS(8) },
	{ NOT_SIGSYS(16) },
	{ NOT_SIGSYS(32) },
	{ NOT_SIGSYS(64) },
	{ .calls = "rt_sigprocmask rt_sigreturn sigreturn sigaltstack getpid "
		   "getppid gettid getrandom getuid getuid32 geteuid "
		   "geteuid32 getgid getgid32 getegid getegid32 uname "
		   "sysinfo getrusage getcpu getrlimit ugetrlimit" },
	/* asks, sets nothing */
	{ .calls = "prlimit64", .tests = { IS(2, 0) } },
	{ .calls = "clock_gettime clock_gettime64 clock_getres "
		   "clock_getres_time64 clock_nanosleep "
		   "clock_nanosleep_time64 nanosleep gettimeofday time" },
	{ 0 },
};

/* Another thread, but no other process. The flags of clone3() are behind a
 * pointer that no filter can follow; without it libc takes clone(). */
static const struct sandbox_rule threads[] = {
	{ .calls = "clone",
		.tests = { HAS(CLONE_FLAGS, CLONE_THREAD, CLONE_THREAD) } },
	{ .calls = "clone3", .error = ENOSYS },
	{ .calls = "prctl", .tests = { IS(0, PR_SET_NAME) } },
	{ .calls = "futex futex_time64 set_robust_list get_robust_list rseq "
		   "membarrier sched_yield sched_getaffinity sched_getparam "
		   "sched_getscheduler sched_get_priority_max "
		   "sched_get_priority_min" },
	{ 0 },
};

#define OPTIONS(level) .calls = "setsockopt", .tests = { INT(1, level) }
#define TCP_OPTIONS(mask, value) \
	.calls = "setsockopt", \
	.tests = { INT(1, IPPROTO_TCP), INT_HAS(2, mask, value) }

/* Some headers have them not. */
enum { LEVEL_NETLINK = 270, LEVEL_TLS = 282, MULTIPATH = 262 };

/* Landlock looks where a socket goes at connect(), and only if it is one of
 * plain TCP. So sending does not connect, and no socket turns into another, as
 * by the ULP smc. What a library may try is refused as by a kernel that has not
 * got it: OpenSSL goes on without kTLS. */
static const struct sandbox_rule connections[] = {
	{ .calls = "getsockname getpeername getsockopt shutdown "
		   "recv recvfrom recvmsg" },
#ifdef SYS_socketcall
	/* Its arguments are behind a pointer, and libc may use it. */
	{ .calls = "send sendto sendmsg sendmmsg setsockopt" },
#else
	{ .calls = "send sendto sendmmsg",
		.tests = { HAS(3, MSG_FASTOPEN, 0) } },
	{ .calls = "send sendto sendmmsg",
		.tests = { HAS(3, MSG_FASTOPEN, MSG_FASTOPEN) },
		.error = EOPNOTSUPP },
	{ .calls = "sendmsg", .tests = { HAS(2, MSG_FASTOPEN, 0) } },
	{ .calls = "sendmsg",
		.tests = { HAS(2, MSG_FASTOPEN, MSG_FASTOPEN) },
		.error = EOPNOTSUPP },

	{ OPTIONS(SOL_SOCKET) },
	{ OPTIONS(IPPROTO_IP) },
	{ OPTIONS(IPPROTO_IPV6) },
	{ OPTIONS(LEVEL_NETLINK) },
	{ OPTIONS(IPPROTO_UDP), .error = ENOPROTOOPT },
	{ OPTIONS(LEVEL_TLS), .error = ENOPROTOOPT },
	/* 0 to 63 but TCP_FASTOPEN_CONNECT (30) and TCP_ULP (31) */
	{ TCP_OPTIONS(~15, 0) },
	{ TCP_OPTIONS(~7, 16) },
	{ TCP_OPTIONS(~3, 24) },
	{ TCP_OPTIONS(~1, 28) },
	{ TCP_OPTIONS(~0, TCP_FASTOPEN_CONNECT), .error = EOPNOTSUPP },
	{ TCP_OPTIONS(~0, TCP_ULP), .error = ENOPROTOOPT },
	{ TCP_OPTIONS(~31, 32) },
#endif
	{ 0 },
};

/* ------------------------------------------------------------------------ server */

/* Sockets are accepted, none is made: it cannot call anybody. With webhooks it
 * also has what the uplink needs for that. */
static const struct sandbox_rule accepting[] = {
	{ .calls = "accept accept4" },
	/* core/rpc/guard.c stops its own */
	{ .calls = "setitimer", .tests = { IS(0, ITIMER_PROF) } },
	{ 0 },
};

/* Webhooks: a thread that looks up a name tells the loop over a pair. */
static const struct sandbox_rule looking_up[] = {
	{ .calls = "socketpair", .tests = { IS(0, AF_UNIX) } },
	{ 0 },
};

/* Databases, and files that are read again. Which files is Landlock's. */
static const struct sandbox_rule files[] = {
	{ .calls = "open openat access faccessat faccessat2 readlink "
		   "readlinkat getdents64 getcwd flock unlink unlinkat "
		   "rename renameat renameat2 mkdir mkdirat rmdir ftruncate "
		   "ftruncate64 fallocate fsync fdatasync fadvise64 "
		   "fadvise64_64 fchmod fstatfs fstatfs64 statfs statfs64 "
		   "umask" },
	/* A database of root's belongs to whom its folder belongs to. */
	{ .calls = "fchown fchown32" },
	{ 0 },
};

/* -------------------------------------------------------- whoever calls others */

#define SOCKET(family, type, protocol) \
	.calls = "socket", .tests = { INT(0, family), \
		INT_HAS(1, ~(SOCK_CLOEXEC | SOCK_NONBLOCK), type), \
		INT(2, protocol) }

/* Names of hosts are asked for by UDP and of the kernel by netlink. */
static const struct sandbox_rule connecting[] = {
	{ .calls = "socket", .tests = { INT(0, AF_UNIX) } },
	{ SOCKET(AF_INET, SOCK_STREAM, 0) },
	{ SOCKET(AF_INET, SOCK_STREAM, IPPROTO_TCP) },
	{ SOCKET(AF_INET, SOCK_STREAM, MULTIPATH), .error = EPROTONOSUPPORT },
	{ SOCKET(AF_INET, SOCK_DGRAM, 0) },
	{ SOCKET(AF_INET, SOCK_DGRAM, IPPROTO_UDP) },
	{ SOCKET(AF_INET6, SOCK_STREAM, 0) },
	{ SOCKET(AF_INET6, SOCK_STREAM, IPPROTO_TCP) },
	{ SOCKET(AF_INET6, SOCK_STREAM, MULTIPATH), .error = EPROTONOSUPPORT },
	{ SOCKET(AF_INET6, SOCK_DGRAM, 0) },
	{ SOCKET(AF_INET6, SOCK_DGRAM, IPPROTO_UDP) },
	{ SOCKET(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE) },
	{ SOCKET(AF_NETLINK, SOCK_DGRAM, NETLINK_ROUTE) },
	{ .calls = "connect bind recvmmsg recvmmsg_time64" },
	/* c-ares: the interface of a name server, as in fe80::1%eth0 */
	{ .calls = "ioctl", .tests = { IS(1, SIOCGIFINDEX) } },
	{ .calls = "ioctl", .tests = { IS(1, SIOCGIFNAME) } },
	{ 0 },
};

/* libc loads what /etc/nsswitch.conf names when a host is looked up. */
static const struct sandbox_rule libraries[] = {
	{ .calls = "mmap",
		.tests = { HAS(2, PROT_WRITE | PROT_EXEC, PROT_EXEC) } },
	{ .calls = "mmap2",
		.tests = { HAS(2, PROT_WRITE | PROT_EXEC, PROT_EXEC) } },
	{ 0 },
};

/* ------------------------------------------------------------------------ uplink */

enum { NOT_TO_WRITE = O_ACCMODE | O_CREAT | O_TRUNC };

static const struct sandbox_rule reading[] = {
	{ .calls = "open", .tests = { HAS(1, NOT_TO_WRITE, O_RDONLY) } },
	{ .calls = "openat", .tests = { HAS(2, NOT_TO_WRITE, O_RDONLY) } },
	{ .calls = "access faccessat faccessat2 readlink readlinkat "
		   "getdents64 getcwd inotify_init1 inotify_add_watch "
		   "inotify_rm_watch fstatfs fstatfs64" },
	{ 0 },
};

/* --------------------------------------------------- monitor, executors and tasks */

/* What changes the host below everybody's feet, whoever the task runs as. */
static const struct sandbox_rule host[] = {
	{ .calls = "kexec_load kexec_file_load reboot init_module "
		   "finit_module delete_module create_module swapon swapoff "
		   "acct iopl ioperm settimeofday clock_settime "
		   "clock_settime64 stime bpf userfaultfd lookup_dcookie "
		   "move_pages" },
	{ 0 },
};

/* Of older kernels; nobody calls them but to try. */
static const struct sandbox_rule obsolete[] = {
	{ .calls = "_sysctl afs_syscall bdflush break ftime get_kernel_syms "
		   "getpmsg gtty idle lock mpx nfsservctl prof profil "
		   "putpmsg query_module security sgetmask ssetmask stty "
		   "sysfs tuxcall ulimit uselib ustat vm86 vm86old vserver" },
	{ 0 },
};

/* The same by other doors. */
static const unsigned host_caps[] = { CAP_SYS_BOOT, CAP_SYS_MODULE,
	CAP_SYS_TIME, CAP_SYS_PACCT, CAP_MAC_ADMIN, CAP_MAC_OVERRIDE,
	CAP_AUDIT_CONTROL, CAP_WAKE_ALARM, CAP_BLOCK_SUSPEND, 39 /* CAP_BPF */,
	~0u };

/* --------------------------------------------------------------- instrumentation */

/* Reports of the sanitizers: a thread that stops the others, memory maps, and
 * a program that knows line numbers. Counters of gcov: files at the end. */
static const struct sandbox_rule instruments[] = {
#if defined(NODELINK_SANITIZERS) || defined(NODELINK_COVERAGE)
	{ .calls = "open openat readlink getcwd getdents64 mkdir ftruncate "
		   "fchmod prctl mprotect mmap sched_getaffinity" },
#endif
#ifdef NODELINK_SANITIZERS
	{ .calls = "clone fork vfork execve wait4 ptrace kill getdents "
		   "process_vm_readv pipe personality socketpair arch_prctl "
		   "set_tid_address access tkill" },
#endif
	{ 0 },
};

/* ---------------------------------------------------------------------- profiles */

#define OURS descriptors, memory, process, instruments

const struct sandbox_profile sandbox_server = {
	.name = "server",
	.keeps_secrets = true,
	.tables = (const struct sandbox_rule *const[]){ OURS, threads,
		connections, accepting, files, NULL },
};

const struct sandbox_profile sandbox_server_calling = {
	.name = "server",
	.keeps_secrets = true,
	.tables = (const struct sandbox_rule *const[]){ OURS, threads,
		connections, accepting, files, connecting, looking_up,
		libraries, NULL },
};

const struct sandbox_profile sandbox_uplink = {
	.name = "uplink",
	.keeps_secrets = true,
	.tables = (const struct sandbox_rule *const[]){ OURS, threads,
		connections, connecting, reading, libraries, NULL },
};

/* The uplink's, but for the files that come of it. */
const struct sandbox_profile sandbox_enroll = {
	.name = "enroll",
	.keeps_secrets = true,
	.tables = (const struct sandbox_rule *const[]){ OURS, threads,
		connections, connecting, looking_up, files, libraries, NULL },
};

const struct sandbox_profile sandbox_tasks = {
	.name = "tasks",
	.denies = true,
	.tables = (const struct sandbox_rule *const[]){ host, obsolete, NULL },
	.drop = host_caps,
};
