/*
 * Ordinary memory in place of libsodium's guarded one. A guarded allocation costs four mappings and some 25 microseconds,
 * most of what a simulated handshake would take, and there is no secret in a simulation.
 */
#include "PlainMemory.h"
#include <stdlib.h>

void *sodium_malloc(size_t size) { return malloc(size); }

void sodium_free(void *memory) { free(memory); }

#ifdef __GLIBC__
#include <malloc.h>

/* Each world has a relay with large bit maps of slots: their pages are kept rather than fetched from the system again. */
__attribute__((constructor)) static void keep_pages(void) {
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
}
#endif
