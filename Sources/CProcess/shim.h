// Calls of the system that Swift can't make itself: prctl takes a variable number of arguments, malloc_trim and renameat2 are in no module.
#include <errno.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sys/resource.h>
#ifdef __linux__
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
