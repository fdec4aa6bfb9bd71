/* The seed functions and the stores, with the values of Protocol/vectors that the caller passes: BYTES PHRASE LINK BASE64 USER-ID
   FOLDER MEMBERSHIP CHAIN. Those before the folder are of the same seed; BYTES, USER-ID, MEMBERSHIP and CHAIN are in hex, and CHAIN
   is the user ID of the chain of the membership. */
#define _POSIX_C_SOURCE 200809L
#include "checks.h"

#include <sched.h>
#include <stdatomic.h>

static atomic_int released;
static easysetup_seed *kept;

static easysetup_code load(void *context, easysetup_seed **seed, easysetup_error **error) {
    CHECK(error != NULL && *error == NULL);
    switch (*(int *)context) {
    case 1: return EASYSETUP_ERROR_STORE_FULL;
    case 2: *error = easysetup_error_new("app-locked", "It is locked.", "Unlock it.", true); return EASYSETUP_ERROR_APP;
    case 3: return EASYSETUP_ERROR_APP; /* without an error */
    case 4: return 12345;
    case 5: *seed = (easysetup_seed *)(uintptr_t)12345; return EASYSETUP_OK;
    case 6: *seed = easysetup_seed_copy(kept); return EASYSETUP_ERROR_STORE_BUSY; /* and a seed, which the library frees */
    default: *seed = easysetup_seed_copy(kept); return EASYSETUP_OK;
    }
}

static easysetup_store *own;

static easysetup_code save(void *context, const easysetup_seed *seed, bool replacing, easysetup_error **error) {
    (void)context;
    /* The library waits for this callback, so these calls may not wait for the library. */
    CHECK(easysetup_store_check(own, error) == EASYSETUP_ERROR_WRONG_THREAD);
    easysetup_error_free(*error);
    *error = NULL;
    easysetup_seed_free((easysetup_seed *)seed); /* no effect: the handle is lent */
    if (kept != NULL && !easysetup_seed_is_same(kept, seed) && !replacing) return EASYSETUP_ERROR_OTHER_SEED_STORED;
    easysetup_seed_free(kept);
    kept = easysetup_seed_copy(seed);
    return kept != NULL ? EASYSETUP_OK : EASYSETUP_ERROR_STORE_FAILED;
}

static void release(void *context) {
    (void)context;
    released++;
}

static void failures(void) {
    int mode = 0;
    easysetup_seed *seed = NULL;
    easysetup_error *error = NULL;
    const easysetup_code expected[] = {0, EASYSETUP_ERROR_STORE_FULL, EASYSETUP_ERROR_APP, EASYSETUP_ERROR_APP,
                                       EASYSETUP_ERROR_STORE_FAILED, EASYSETUP_ERROR_APP, EASYSETUP_ERROR_STORE_BUSY};
    CHECK(easysetup_store_new(load, save, NULL, release, &mode, &own, NULL) == EASYSETUP_OK);
    CHECK(easysetup_store_load(own, &seed, NULL) == EASYSETUP_OK && seed == NULL);
    seed = easysetup_seed_random(1);
    CHECK(easysetup_store_save(own, seed, false, NULL) == EASYSETUP_OK && easysetup_seed_is_same(kept, seed));
    CHECK(easysetup_store_check(own, NULL) == EASYSETUP_OK);
    easysetup_seed_free(seed);
    seed = easysetup_seed_random(2);
    CHECK(easysetup_store_save(own, seed, false, &error) == EASYSETUP_ERROR_OTHER_SEED_STORED);
    CHECK(strlen(easysetup_error_parameter(error, "stored")) == 64 && easysetup_error_parameter(error, "none") == NULL);
    CHECK(strcmp(easysetup_error_parameter_name(error, 0), "new") == 0 && easysetup_error_parameter_name(error, 2) == NULL);
    easysetup_error_free(error);
    CHECK(easysetup_store_save(own, seed, true, NULL) == EASYSETUP_OK && easysetup_seed_is_same(kept, seed));
    easysetup_seed_free(seed);
    for (mode = 1; mode <= 6; mode++) {
        CHECK(easysetup_store_load(own, &seed, &error) == expected[mode]);
        CHECK(seed == NULL && easysetup_error_code(error) == expected[mode]);
        if (mode == 2) {
            CHECK(strcmp(easysetup_error_name(error), "app-locked") == 0 && easysetup_error_retry_helps(error));
            CHECK(strcmp(easysetup_error_description(error), "It is locked.") == 0);
            CHECK(strcmp(easysetup_error_advice(error), "Unlock it.") == 0);
        }
        easysetup_error_free(error);
    }
    easysetup_seed_free(kept);
    CHECK(released == 0);
    easysetup_store_free(own);
    /* The thread of the last callback may still hold the store for a moment. */
    while (released == 0) sched_yield();
    CHECK(released == 1);
}

static void files(const char *folder) {
    easysetup_store *open = NULL, *sealed = NULL;
    easysetup_seed *seed = NULL, *read = NULL;
    easysetup_error *error = NULL;
    CHECK(easysetup_store_new_file(folder, "correct horse", 13, &sealed, NULL) == EASYSETUP_OK);
    CHECK(easysetup_store_check(sealed, NULL) == EASYSETUP_OK);
    CHECK(easysetup_store_load(sealed, &read, NULL) == EASYSETUP_OK && read == NULL);
    seed = easysetup_seed_random(3);
    CHECK(easysetup_store_save(sealed, seed, false, NULL) == EASYSETUP_OK);
    CHECK(easysetup_store_load(sealed, &read, NULL) == EASYSETUP_OK && easysetup_seed_is_same(seed, read));
    CHECK(easysetup_seed_created_at(read) == 3);
    CHECK(easysetup_store_new_file(folder, NULL, 0, &open, NULL) == EASYSETUP_OK);
    easysetup_seed_free(read);
    CHECK(easysetup_store_load(open, &read, &error) == EASYSETUP_ERROR_PASSPHRASE_NEEDED && read == NULL);
    easysetup_error_free(error);
    easysetup_store_free(open);
    easysetup_store_free(sealed);
    easysetup_seed_free(seed);
}

/* A membership in a folder, sealed, whose place a seed of the same chain would take, and one of another chain does not. */
static void memberships(const char *hex, const char *chain, const char *folder) {
    static uint8_t bytes[8192];
    size_t length = strlen(hex) / 2, index;
    easysetup_store *store = NULL;
    easysetup_membership *membership = NULL, *loaded = NULL;
    easysetup_seed *seed = easysetup_seed_random(0), *none = NULL;
    easysetup_error *error = NULL;
    CHECK(length > 0 && length <= sizeof bytes);
    for (index = 0; index < length; index++) {
        unsigned byte = 0;
        CHECK(sscanf(hex + 2 * index, "%2x", &byte) == 1);
        bytes[index] = (uint8_t)byte;
    }
    CHECK(easysetup_membership_from_bytes(bytes, length, &membership, NULL) == EASYSETUP_OK);
    CHECK(strcmp(easysetup_membership_fingerprint(membership), chain) == 0);
    CHECK(easysetup_membership_size(membership) == length);
    bytes[length - 1] ^= 1;
    CHECK(easysetup_membership_from_bytes(bytes, length - 1, &loaded, NULL) == EASYSETUP_ERROR_MEMBERSHIP_UNREADABLE);
    CHECK(easysetup_store_new_file(folder, "correct horse", 13, &store, NULL) == EASYSETUP_OK);
    CHECK(easysetup_store_load_membership(store, &loaded, NULL) == EASYSETUP_OK && loaded == NULL);
    CHECK(easysetup_store_save_membership(store, membership, false, NULL) == EASYSETUP_OK);
    CHECK(easysetup_store_load_membership(store, &loaded, NULL) == EASYSETUP_OK && loaded != NULL);
    CHECK(strcmp(easysetup_membership_device(loaded), easysetup_membership_device(membership)) == 0);
    CHECK(easysetup_store_load(store, &none, NULL) == EASYSETUP_OK && none == NULL);
    CHECK(easysetup_store_save(store, seed, false, &error) == EASYSETUP_ERROR_OTHER_SEED_STORED);
    CHECK(strcmp(easysetup_error_parameter(error, "stored"), chain) == 0);
    easysetup_error_free(error);
    CHECK(easysetup_store_save(store, seed, true, NULL) == EASYSETUP_OK);
    CHECK(easysetup_store_save_membership(store, membership, false, NULL) == EASYSETUP_ERROR_OTHER_SEED_STORED);
    easysetup_seed_free(seed);
    easysetup_membership_free(loaded);
    easysetup_membership_free(membership);
    easysetup_store_free(store);
}

int main(int count, char **arguments) {
    easysetup_seed *seed = NULL, *other = NULL;
    char text[EASYSETUP_FORM_BYTES], folder[4096];
    uint8_t bytes[32], id[32], signature[64], key[100];
    size_t length, index;
    int form;

    CHECK(count == 9);
    CHECK(easysetup_seed_read(arguments[1], strlen(arguments[1]), 5, &seed, NULL) == EASYSETUP_OK);
    CHECK(easysetup_seed_created_at(seed) == 5);
    for (form = 1; form <= 4; form++) {
        const char *expected = arguments[form == 1 ? 2 : form == 2 ? 3 : form == 3 ? 1 : 4];
        CHECK(easysetup_seed_write(seed, form, text, sizeof text, &length, NULL) == EASYSETUP_OK);
        CHECK(strcmp(text, expected) == 0 && length == strlen(expected));
        CHECK(easysetup_seed_read(expected, strlen(expected), 0, &other, NULL) == EASYSETUP_OK);
        CHECK(easysetup_seed_is_same(seed, other));
        easysetup_seed_free(other);
    }
    CHECK(easysetup_seed_copy_bytes(seed, bytes, sizeof bytes, NULL) == EASYSETUP_OK);
    CHECK(easysetup_seed_from_bytes(bytes, 32, 0, &other, NULL) == EASYSETUP_OK && easysetup_seed_is_same(seed, other));
    easysetup_seed_free(other);
    CHECK(easysetup_seed_fingerprint(seed, text, sizeof text, NULL) == EASYSETUP_OK && strcmp(text, arguments[5]) == 0);
    CHECK(easysetup_seed_user_id(seed, id, sizeof id, NULL) == EASYSETUP_OK);
    for (index = 0; index < 32; index++) {
        char digits[3];
        snprintf(digits, sizeof digits, "%02x", id[index]);
        CHECK(strncmp(digits, text + 2 * index, 2) == 0);
    }
    CHECK(easysetup_seed_sign(seed, "hello", 5, signature, sizeof signature, NULL) == EASYSETUP_OK);
    CHECK(easysetup_verify(id, signature, "hello", 5) && !easysetup_verify(id, signature, "hallo", 5));
    CHECK(easysetup_seed_sign(seed, NULL, 0, signature, sizeof signature, NULL) == EASYSETUP_OK);
    CHECK(easysetup_verify(id, signature, NULL, 0));
    memset(key, 0, sizeof key);
    CHECK(easysetup_seed_derive_key(seed, "easysetup/test", key, 33, NULL) == EASYSETUP_OK);
    CHECK(key[33] == 0 && key[34] == 0);
    CHECK(easysetup_seed_secretbox_key(seed, key, sizeof key, NULL) == EASYSETUP_OK);
    CHECK(easysetup_seed_secretbox_key_fingerprint(seed, text, 65, NULL) == EASYSETUP_OK && strlen(text) == 64);
    other = easysetup_seed_copy(seed);
    easysetup_seed_free(seed);
    CHECK(easysetup_seed_is_same(other, other) && !easysetup_seed_is_same(seed, other));
    easysetup_seed_free(other);
    failures();
    files(arguments[6]);
    strcat(strcpy(folder, arguments[6]), "-of-a-member");
    memberships(arguments[7], arguments[8], folder);
    CHECK(easysetup_handle_count() == 0);
    printf("%d checks\n", checks_made);
    return 0;
}
