// What Swift can't call itself: prctl takes a variable number of arguments, malloc_trim is in no module.
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sys/resource.h>
#ifdef __linux__
#include <sys/prctl.h>
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
