#pragma once
#include <stddef.h>

/* libsodium's names: a program that links this gets these in place of the library's own. */
void *sodium_malloc(size_t size);
void sodium_free(void *memory);
