/*
 * Counts what a process asks of malloc. A program that links this has these functions in place of the C library's, for itself
 * and for every library it loads; they count, and hand on to the library's own. For the program that counts and for nothing else.
 *
 * Every malloc, calloc, realloc, memalign, posix_memalign, aligned_alloc and the like counts once, whether the memory is new or
 * only grows. Live bytes are what malloc_usable_size says of all that is not freed: what was asked for, rounded up by the
 * allocator, without its own 8 bytes for each.
 */
#include "CountedMemory.h"
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

static atomic_uint_fast64_t allocations;
static atomic_uint_fast64_t live_bytes;

counted_memory counted_memory_now(void) {
    return (counted_memory){
        .allocations = atomic_load_explicit(&allocations, memory_order_relaxed),
        .live_bytes = atomic_load_explicit(&live_bytes, memory_order_relaxed),
    };
}

int counted_memory_write(int descriptor) {
    counted_memory now = counted_memory_now();
    char line[64];
    int length = snprintf(line, sizeof line, "%llu %llu\n", (unsigned long long)now.allocations,
                          (unsigned long long)now.live_bytes);
    return write(descriptor, line, (size_t)length) == length ? 0 : -1;
}

#ifdef __GLIBC__
#include <malloc.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

static void *gained(void *memory) {
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&live_bytes, malloc_usable_size(memory), memory_order_relaxed);
    return memory;
}

static void lost(size_t bytes) { atomic_fetch_sub_explicit(&live_bytes, bytes, memory_order_relaxed); }

void *malloc(size_t size) { return gained(__libc_malloc(size)); }

void *calloc(size_t count, size_t size) { return gained(__libc_calloc(count, size)); }

void *realloc(void *memory, size_t size) {
    size_t before = malloc_usable_size(memory);
    void *moved = __libc_realloc(memory, size);
    /* What could not grow is still there; what was to have no size is gone. */
    if (moved || size == 0) lost(before);
    return gained(moved);
}

void *memalign(size_t alignment, size_t size) { return gained(__libc_memalign(alignment, size)); }

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
    void *found = memalign(alignment, size);
    if (!found) return ENOMEM;
    *memory = found;
    return 0;
}

void *valloc(size_t size) { return memalign((size_t)sysconf(_SC_PAGESIZE), size); }

void free(void *memory) {
    lost(malloc_usable_size(memory));
    __libc_free(memory);
}
#endif
