// Calls of the system that Swift can't make itself: prctl takes a variable number of arguments, malloc_trim and renameat2 are in no module.
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sys/resource.h>
#ifdef __linux__
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
// As unistd.h has it. To include that would take types away from the C library's module.
extern long syscall(long number, ...);
#elif defined(__APPLE__)
#include <stdio.h>
#endif

// Keeps other processes of the same user from reading this one's memory, and its memory out of core dumps. 0 if both took.
static inline int easysetup_harden_process(void) {
    const struct rlimit none = {0, 0};
    int failed = setrlimit(RLIMIT_CORE, &none) != 0;
#ifdef __linux__
    failed |= prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0;
#endif
    return failed;
}

#if defined(__linux__)
#define EASYSETUP_ALLOW(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

// Refuses every system call but those of a process that computes, reads and writes what is open, and ends. 0 if it took.
static inline int easysetup_filter_system_calls(void) {
#if defined(__x86_64__)
    const unsigned int machine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
    const unsigned int machine = AUDIT_ARCH_AARCH64;
#else
    const unsigned int machine = 0;
#endif
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, machine, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        EASYSETUP_ALLOW(SYS_read),
        EASYSETUP_ALLOW(SYS_write),
        EASYSETUP_ALLOW(SYS_exit),
        EASYSETUP_ALLOW(SYS_exit_group),
        EASYSETUP_ALLOW(SYS_brk),
        EASYSETUP_ALLOW(SYS_mmap),
        EASYSETUP_ALLOW(SYS_munmap),
        EASYSETUP_ALLOW(SYS_mremap),
        EASYSETUP_ALLOW(SYS_mprotect),
        EASYSETUP_ALLOW(SYS_madvise),
        EASYSETUP_ALLOW(SYS_mlock),
        EASYSETUP_ALLOW(SYS_munlock),
        EASYSETUP_ALLOW(SYS_futex),
        EASYSETUP_ALLOW(SYS_getrandom),
        EASYSETUP_ALLOW(SYS_clock_gettime),
        EASYSETUP_ALLOW(SYS_rt_sigreturn),
        EASYSETUP_ALLOW(SYS_rt_sigprocmask),
        EASYSETUP_ALLOW(SYS_rt_sigaction),
        EASYSETUP_ALLOW(SYS_sigaltstack),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
}
#undef EASYSETUP_ALLOW
#endif

// Leaves this process only what it needs to compute: so much more memory than it has now, so many seconds of the processor, the
// files that are open, and no other system calls. It ends with its parent. 0 if all took.
static inline int easysetup_confine(unsigned long memory, unsigned long seconds) {
    struct rlimit limit = {seconds, seconds};
    int failed = setrlimit(RLIMIT_CPU, &limit) != 0;
#if defined(__linux__)
    // A build with a sanitizer has terabytes of addresses from the start.
    unsigned long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "re");
    if (statm != 0) {
        if (fscanf(statm, "%lu", &pages) != 1) pages = 0;
        fclose(statm);
    }
    limit.rlim_cur = limit.rlim_max = pages * 4096 + memory;
    failed |= setrlimit(RLIMIT_AS, &limit) != 0;
    failed |= prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0;
#ifdef SYS_close_range
    failed |= syscall(SYS_close_range, 3U, ~0U, 0U) != 0;
#endif
    failed |= easysetup_filter_system_calls() != 0;
#endif
    return failed;
}

// Gives to the system what the allocator has free, wherever it lies; a matter of the C library's where there is no such call.
static inline void easysetup_give_back_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

// Renames a file, and never takes the place of another. 0, or the system's number: ENOSYS where it has no such call.
static inline int easysetup_rename_to_free_name(const char *from, const char *to) {
#if defined(__linux__) && defined(SYS_renameat2)
    const int working_directory = -100;
    const unsigned int noreplace = 1;
    return syscall(SYS_renameat2, working_directory, from, working_directory, to, noreplace) == 0 ? 0 : errno;
#elif defined(__APPLE__)
    return renamex_np(from, to, RENAME_EXCL) == 0 ? 0 : errno;
#else
    return ENOSYS;
#endif
}
