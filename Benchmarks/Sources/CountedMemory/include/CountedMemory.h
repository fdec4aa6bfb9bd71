#pragma once
#include <stdint.h>

/* How often this process has asked for memory, and how many bytes of its heap it holds now. */
typedef struct {
    uint64_t allocations;
    uint64_t live_bytes;
} counted_memory;

counted_memory counted_memory_now(void);

/* Writes both as one line of two numbers; asks for no memory itself. 0 when it was written. */
int counted_memory_write(int descriptor);
