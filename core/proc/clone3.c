/* clone3.c - clone3(2) with a function and a stack for the child
 *
 * The child comes out of the system call with the parent's registers and an
 * empty stack, so it must not return to any frame: it takes fn and arg from
 * registers and leaves by exit_group. */
#include "proc/clone3.h"

#include <errno.h>
#include <sys/syscall.h>

#if defined(__x86_64__)

long
clone3_call(struct clone_args *args, int (*fn)(void *), void *arg)
{
	register int (*child_fn)(void *) __asm__("r8") = fn;
	register void *child_arg __asm__("r9") = arg;
	long result;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t" /* the outermost frame */
			 "mov %%r9, %%rdi\n\t"
			 "call *%%r8\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov %[exit_group], %%eax\n\t"
			 "syscall\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(result)
			 : "0"((long)SYS_clone3), "D"(args), "S"(sizeof *args),
			 "r"(child_fn),
			 "r"(child_arg), [exit_group] "i"(SYS_exit_group)
			 : "rcx", "r11", "memory", "cc");
	return result;
}

#elif defined(__aarch64__)

long
clone3_call(struct clone_args *args, int (*fn)(void *), void *arg)
{
	register long x8 __asm__("x8") = SYS_clone3;
	register long x0 __asm__("x0") = (long)args;
	register long x1 __asm__("x1") = (long)sizeof *args;
	register int (*x2)(void *) __asm__("x2") = fn;
	register void *x3 __asm__("x3") = arg;

	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, #0\n\t"
			 "mov x30, #0\n\t"
			 "mov x0, x3\n\t"
			 "blr x2\n\t"
			 "mov x8, %[exit_group]\n\t"
			 "svc #0\n\t"
			 "brk #0\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2),
			 "r"(x3), [exit_group] "i"(SYS_exit_group)
			 : "memory", "cc");
	return x0;
}

#else

long
clone3_call(struct clone_args *args, int (*fn)(void *), void *arg)
{
	(void)args;
	(void)fn;
	(void)arg;
	return -ENOSYS;
}

#endif
