// Tells ThreadSanitizer about the waits of Swift's `Mutex`. `scripts/sanitize thread` preloads this as a library.
//
// On Linux `Mutex` locks and unlocks by atomic operations that the compiler puts into our code, where the sanitizer sees
// them. A thread that has to wait calls a function of libswiftSynchronization, which is not built for the sanitizer: it
// misses that lock, and reports a race for each mutex that two threads wanted at once. The three functions here take the
// place of those in the library, call them, and report what they did.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

// Swift passes `self` in a register of its own.
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self

SWIFT void lock(uint32_t thread, SELF) __asm__(LOCK);
SWIFT bool tryLock(SELF) __asm__(TRY_LOCK);
SWIFT void unlock(SELF) __asm__(UNLOCK);

// A program without the sanitizer, such as `swift test` itself, does not have these.
__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

static void *library(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) abort();
    return function;
}

SWIFT void lock(uint32_t thread, SELF) {
    ((SWIFT void (*)(uint32_t, SELF))library(LOCK))(thread, self);
    if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT bool tryLock(SELF) {
    if (!((SWIFT bool (*)(SELF))library(TRY_LOCK))(self)) return false;
    if (__tsan_acquire) __tsan_acquire(self);
    return true;
}

SWIFT void unlock(SELF) {
    if (__tsan_release) __tsan_release(self);
    ((SWIFT void (*)(SELF))library(UNLOCK))(self);
}
