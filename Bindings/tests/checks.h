/* What the C tests share: a check that names its line, and counts of it. */
#ifndef CHECKS_H
#define CHECKS_H

#include <easysetup.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int checks_made;

/* Ends the program with the line's number where something does not hold. */
#define CHECK(condition)                                                              \
    do {                                                                              \
        checks_made++;                                                                \
        if (!(condition)) {                                                           \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);           \
            exit(1);                                                                  \
        }                                                                             \
    } while (0)

/* Calls a function that must fail with a code, through its error and without one. */
#define FAILS(expected, call, call_without_error)                                     \
    do {                                                                              \
        easysetup_error *error = NULL;                                                \
        CHECK((call) == (expected));                                                  \
        CHECK(error != NULL && easysetup_error_code(error) == (expected));            \
        CHECK(strlen(easysetup_error_name(error)) > 0);                               \
        CHECK(strlen(easysetup_error_description(error)) > 0);                        \
        CHECK(easysetup_error_advice(error) != NULL && easysetup_error_key(error) != NULL); \
        easysetup_error_free(error);                                                  \
        CHECK((call_without_error) == (expected));                                    \
    } while (0)

#endif
