/*
 * Calls every function of the interface with NULL, with handles that are none, of another type or freed, and with garbage in every
 * text, length and number. Nothing may crash, and every call that can fail says so. No pairing starts here.
 */
#include "checks.h"

static const char *const not_utf8 = "\xc3\x28\xff";
#define BAD EASYSETUP_ERROR_BAD_ARGUMENT

/* A handle of every kind that is none. */
static void *handles[6];

static easysetup_code load(void *context, easysetup_seed **seed, easysetup_error **error) {
    (void)context, (void)seed, (void)error;
    return EASYSETUP_OK;
}

static easysetup_code save(void *context, const easysetup_seed *seed, bool replacing, easysetup_error **error) {
    (void)context, (void)seed, (void)replacing, (void)error;
    return EASYSETUP_OK;
}

static easysetup_code load_membership(void *context, easysetup_membership **membership, easysetup_error **error) {
    (void)context, (void)membership, (void)error;
    return EASYSETUP_OK;
}

static easysetup_code save_membership(void *context, const easysetup_membership *membership, bool replacing,
                                      easysetup_error **error) {
    (void)context, (void)membership, (void)replacing, (void)error;
    return EASYSETUP_OK;
}

static void errors(void *none) {
    CHECK(easysetup_error_code(none) == BAD);
    CHECK(easysetup_error_name(none) == NULL && easysetup_error_cause(none) == NULL);
    CHECK(easysetup_error_description(none) == NULL && easysetup_error_advice(none) == NULL);
    CHECK(easysetup_error_key(none) == NULL);
    CHECK(easysetup_error_parameter(none, "count") == NULL && easysetup_error_parameter(none, NULL) == NULL);
    CHECK(easysetup_error_parameter_name(none, 0) == NULL);
    CHECK(!easysetup_error_retry_helps(none) && easysetup_error_retry_after(none) == 0);
    easysetup_error_free(none);
}

static void seeds(void *none, easysetup_seed *seed) {
    char buffer[EASYSETUP_FORM_BYTES] = "";
    size_t length = 7;
    FAILS(BAD, easysetup_seed_copy_bytes(none, buffer, 32, &error), easysetup_seed_copy_bytes(none, buffer, 32, NULL));
    FAILS(BAD, easysetup_seed_write(none, 1, buffer, sizeof buffer, &length, &error),
          easysetup_seed_write(none, 1, buffer, sizeof buffer, NULL, NULL));
    CHECK(length == 0);
    FAILS(BAD, easysetup_seed_user_id(none, (uint8_t *)buffer, 32, &error),
          easysetup_seed_user_id(none, (uint8_t *)buffer, 32, NULL));
    FAILS(BAD, easysetup_seed_fingerprint(none, buffer, 65, &error), easysetup_seed_fingerprint(none, buffer, 65, NULL));
    FAILS(BAD, easysetup_seed_derive_key(none, "easysetup/a", buffer, 1, &error),
          easysetup_seed_derive_key(none, "easysetup/a", buffer, 1, NULL));
    FAILS(BAD, easysetup_seed_secretbox_key(none, buffer, 32, &error),
          easysetup_seed_secretbox_key(none, buffer, 32, NULL));
    FAILS(BAD, easysetup_seed_secretbox_key_fingerprint(none, buffer, 65, &error),
          easysetup_seed_secretbox_key_fingerprint(none, buffer, 65, NULL));
    FAILS(BAD, easysetup_seed_sign(none, "a", 1, (uint8_t *)buffer, 64, &error),
          easysetup_seed_sign(none, "a", 1, (uint8_t *)buffer, 64, NULL));
    CHECK(easysetup_seed_copy(none) == NULL && easysetup_seed_created_at(none) == 0);
    CHECK(!easysetup_seed_is_same(none, seed) && !easysetup_seed_is_same(seed, none));
    easysetup_seed_free(none);
}

static void seed_arguments(easysetup_seed *seed) {
    easysetup_seed *out = NULL;
    char buffer[EASYSETUP_FORM_BYTES] = "";
    uint8_t id[32] = {0}, signature[64] = {0};
    size_t length;
    int form;
    FAILS(BAD, easysetup_seed_from_bytes(buffer, 32, 0, NULL, &error), easysetup_seed_from_bytes(buffer, 32, 0, NULL, NULL));
    FAILS(BAD, easysetup_seed_from_bytes(NULL, 32, 0, &out, &error), easysetup_seed_from_bytes(NULL, 32, 0, &out, NULL));
    FAILS(EASYSETUP_ERROR_SEED_WRONG_LENGTH, easysetup_seed_from_bytes(buffer, SIZE_MAX, 0, &out, &error),
          easysetup_seed_from_bytes(buffer, 0, 0, &out, NULL));
    FAILS(BAD, easysetup_seed_read("a", 1, 0, NULL, &error), easysetup_seed_read("a", 1, 0, NULL, NULL));
    FAILS(BAD, easysetup_seed_read(NULL, 1, 0, &out, &error), easysetup_seed_read(NULL, 0, 0, &out, NULL));
    FAILS(EASYSETUP_ERROR_SEED_TOO_LONG, easysetup_seed_read("a", SIZE_MAX, 0, &out, &error),
          easysetup_seed_read("a", 16385, 0, &out, NULL));
    FAILS(EASYSETUP_ERROR_TEXT_NOT_UTF_8, easysetup_seed_read(not_utf8, 3, 0, &out, &error),
          easysetup_seed_read(not_utf8, 3, 0, &out, NULL));
    FAILS(EASYSETUP_ERROR_SEED_UNREADABLE, easysetup_seed_read("", 0, 0, &out, &error),
          easysetup_seed_read("!", 1, 0, &out, NULL));
    CHECK(out == NULL);
    FAILS(BAD, easysetup_seed_copy_bytes(seed, NULL, 32, &error), easysetup_seed_copy_bytes(seed, NULL, 32, NULL));
    FAILS(EASYSETUP_ERROR_BUFFER_TOO_SMALL, easysetup_seed_copy_bytes(seed, buffer, 31, &error),
          easysetup_seed_copy_bytes(seed, buffer, 0, NULL));
    for (form = 1; form <= 4; form++) {
        buffer[0] = '?';
        FAILS(EASYSETUP_ERROR_BUFFER_TOO_SMALL, easysetup_seed_write(seed, form, buffer, 44, &length, &error),
              easysetup_seed_write(seed, form, buffer, 0, NULL, NULL));
        CHECK(buffer[0] == '?' && length >= 44);
        FAILS(BAD, easysetup_seed_write(seed, form, NULL, 256, NULL, &error),
              easysetup_seed_write(seed, form, NULL, 256, NULL, NULL));
    }
    FAILS(BAD, easysetup_seed_write(seed, 0, buffer, 256, NULL, &error), easysetup_seed_write(seed, -9, buffer, 256, NULL, NULL));
    FAILS(BAD, easysetup_seed_user_id(seed, NULL, 32, &error), easysetup_seed_user_id(seed, NULL, 32, NULL));
    FAILS(EASYSETUP_ERROR_BUFFER_TOO_SMALL, easysetup_seed_user_id(seed, id, 31, &error),
          easysetup_seed_user_id(seed, id, 0, NULL));
    FAILS(BAD, easysetup_seed_fingerprint(seed, NULL, 65, &error), easysetup_seed_fingerprint(seed, NULL, 65, NULL));
    FAILS(EASYSETUP_ERROR_BUFFER_TOO_SMALL, easysetup_seed_fingerprint(seed, buffer, 64, &error),
          easysetup_seed_fingerprint(seed, buffer, 0, NULL));
    FAILS(BAD, easysetup_seed_derive_key(seed, NULL, buffer, 1, &error), easysetup_seed_derive_key(seed, not_utf8, buffer, 1, NULL));
    FAILS(BAD, easysetup_seed_derive_key(seed, "easysetup/a", NULL, 1, &error),
          easysetup_seed_derive_key(seed, "easysetup/a", NULL, 1, NULL));
    FAILS(EASYSETUP_ERROR_DERIVED_KEY_REFUSED, easysetup_seed_derive_key(seed, "easysetup/a", buffer, 0, &error),
          easysetup_seed_derive_key(seed, "easysetup/a", buffer, SIZE_MAX, NULL));
    FAILS(EASYSETUP_ERROR_DERIVED_KEY_REFUSED, easysetup_seed_derive_key(seed, "easysetup/", buffer, 1, &error),
          easysetup_seed_derive_key(seed, "", buffer, 1, NULL));
    FAILS(EASYSETUP_ERROR_DERIVED_KEY_REFUSED, easysetup_seed_derive_key(seed, "easysetup/chain/", buffer, 1, &error),
          easysetup_seed_derive_key(seed, "easysetup/chain/key/1/notes", buffer, 1, NULL));
    FAILS(BAD, easysetup_seed_secretbox_key(seed, NULL, 32, &error), easysetup_seed_secretbox_key(seed, NULL, 32, NULL));
    FAILS(EASYSETUP_ERROR_BUFFER_TOO_SMALL, easysetup_seed_secretbox_key(seed, buffer, 31, &error),
          easysetup_seed_secretbox_key(seed, buffer, 0, NULL));
    FAILS(EASYSETUP_ERROR_BUFFER_TOO_SMALL, easysetup_seed_secretbox_key_fingerprint(seed, buffer, 64, &error),
          easysetup_seed_secretbox_key_fingerprint(seed, buffer, 0, NULL));
    FAILS(BAD, easysetup_seed_sign(seed, NULL, 1, signature, 64, &error), easysetup_seed_sign(seed, "a", SIZE_MAX, signature, 64, NULL));
    FAILS(BAD, easysetup_seed_sign(seed, "a", 1, NULL, 64, &error), easysetup_seed_sign(seed, "a", 1, NULL, 64, NULL));
    FAILS(EASYSETUP_ERROR_BUFFER_TOO_SMALL, easysetup_seed_sign(seed, "a", 1, signature, 63, &error),
          easysetup_seed_sign(seed, "a", 1, signature, 0, NULL));
    FAILS(EASYSETUP_ERROR_SIGNATURE_REFUSED, easysetup_seed_sign(seed, "\0easysetup/", 11, signature, 64, &error),
          easysetup_seed_sign(seed, "\035easysetup/chain certificate 1", 30, signature, 64, NULL));
    CHECK(!easysetup_verify(NULL, signature, "a", 1) && !easysetup_verify(id, NULL, "a", 1));
    CHECK(!easysetup_verify(id, signature, NULL, 1) && !easysetup_verify(id, signature, "a", SIZE_MAX));
    CHECK(!easysetup_verify(id, signature, NULL, 0));
}

static void memberships(void *none, easysetup_store *store, easysetup_options *options) {
    char buffer[64] = "";
    easysetup_membership *out = NULL;
    CHECK(!easysetup_scope_is_everything(none) && easysetup_scope_text(none) == NULL && easysetup_scope_until(none) == 0);
    CHECK(easysetup_scope_collection(none, 0) == NULL && !easysetup_scope_may_write(none, 0));
    CHECK(easysetup_membership_copy(none) == NULL && easysetup_membership_size(none) == 0);
    CHECK(easysetup_membership_scope(none) == NULL && easysetup_membership_device(none) == NULL);
    CHECK(easysetup_membership_fingerprint(none) == NULL && easysetup_gift_new(none) == NULL);
    FAILS(BAD, easysetup_membership_copy_bytes(none, buffer, 64, &error), easysetup_membership_copy_bytes(none, buffer, 64, NULL));
    FAILS(BAD, easysetup_gift_add(none, "notes", true, 1, &error), easysetup_gift_add(none, "notes", true, 1, NULL));
    FAILS(BAD, easysetup_gift_set_until(none, 1, &error), easysetup_gift_set_until(none, 1, NULL));
    if (none != NULL) FAILS(BAD, easysetup_options_give(options, none, &error), easysetup_options_give(options, none, NULL));
    FAILS(BAD, easysetup_store_on_membership(none, load_membership, save_membership, &error),
          easysetup_store_on_membership(none, load_membership, save_membership, NULL));
    FAILS(BAD, easysetup_store_load_membership(none, &out, &error), easysetup_store_load_membership(none, &out, NULL));
    FAILS(BAD, easysetup_store_save_membership(none, none, true, &error), easysetup_store_save_membership(none, none, true, NULL));
    FAILS(BAD, easysetup_store_save_membership(store, none, true, &error), easysetup_store_save_membership(store, none, true, NULL));
    easysetup_membership_free(none);
    easysetup_gift_free(none);
    CHECK(out == NULL);
}

static void membership_arguments(easysetup_seed *seed, easysetup_store *store, easysetup_client *client) {
    char name[EASYSETUP_FINGERPRINT_BYTES] = "";
    easysetup_membership *out = NULL;
    easysetup_pairing *pairing = NULL;
    easysetup_store *own = NULL;
    easysetup_options *options = easysetup_options_new(NULL);
    easysetup_gift *gift = easysetup_gift_new(seed);
    const char *relay = "ws://127.0.0.1:1", *link = "easysetup://a/1/K7Q";
    int count = 0;
    FAILS(BAD, easysetup_membership_from_bytes(NULL, 1, &out, &error), easysetup_membership_from_bytes(NULL, 0, &out, NULL));
    FAILS(BAD, easysetup_membership_from_bytes("a", 1, NULL, &error), easysetup_membership_from_bytes("a", 1, NULL, NULL));
    FAILS(EASYSETUP_ERROR_MEMBERSHIP_UNREADABLE, easysetup_membership_from_bytes("a", SIZE_MAX, &out, &error),
          easysetup_membership_from_bytes("a", EASYSETUP_MEMBERSHIP_BYTES_MAX + 1, &out, NULL));
    FAILS(EASYSETUP_ERROR_MEMBERSHIP_UNREADABLE, easysetup_membership_from_bytes("a", 1, &out, &error),
          easysetup_membership_from_bytes("", 0, &out, NULL));
    FAILS(BAD, easysetup_store_load_membership(store, NULL, &error), easysetup_store_load_membership(store, NULL, NULL));
    FAILS(BAD, easysetup_store_on_membership(store, load_membership, save_membership, &error),
          easysetup_store_on_membership(store, load_membership, save_membership, NULL)); /* no store by callbacks */
    CHECK(easysetup_store_new(load, save, NULL, NULL, NULL, &own, NULL) == EASYSETUP_OK);
    FAILS(BAD, easysetup_store_on_membership(own, NULL, save_membership, &error),
          easysetup_store_on_membership(own, load_membership, NULL, NULL));
    easysetup_store_free(own);
    FAILS(BAD, easysetup_options_give(options, gift, &error), easysetup_options_give(options, gift, NULL)); /* of nothing */
    FAILS(BAD, easysetup_gift_add(gift, NULL, true, 1, &error), easysetup_gift_add(gift, not_utf8, true, 1, NULL));
    FAILS(EASYSETUP_ERROR_COLLECTION_NAME, easysetup_gift_add(gift, "Notes", true, 1, &error),
          easysetup_gift_add(gift, "", true, 1, NULL));
    FAILS(EASYSETUP_ERROR_COLLECTION_NAME, easysetup_gift_add(gift, "easysetup/devices", true, 1, &error),
          easysetup_gift_add(gift, "notes,bookmarks", true, 1, NULL));
    FAILS(BAD, easysetup_gift_add(gift, "notes", true, 0, &error), easysetup_gift_add(gift, "notes", true, 0, NULL));
    CHECK(easysetup_gift_add(gift, "notes", true, UINT32_MAX, NULL) == EASYSETUP_OK);
    FAILS(BAD, easysetup_gift_add(gift, "notes", true, 1, &error), easysetup_gift_add(gift, "notes", false, 1, NULL));
    CHECK(easysetup_gift_set_until(gift, UINT64_MAX, NULL) == EASYSETUP_OK);
    CHECK(easysetup_options_give(options, gift, NULL) == EASYSETUP_OK);
    /* Nobody would be asked, and a link only receives. */
    FAILS(BAD, easysetup_offer(client, relay, options, &pairing, &error), easysetup_offer(client, relay, options, &pairing, NULL));
    FAILS(BAD, easysetup_join(client, "K7Q29MXAQ", 9, relay, options, &pairing, &error),
          easysetup_join(client, link, strlen(link), NULL, options, &pairing, NULL));
    CHECK(easysetup_options_give(options, NULL, NULL) == EASYSETUP_OK);
    memset(name, 'a', 64);
    while (easysetup_gift_add(gift, name, true, 1, NULL) == EASYSETUP_OK) name[count++] = 'b';
    CHECK(count >= 4);
    FAILS(EASYSETUP_ERROR_MEMBERSHIP_TOO_LARGE, easysetup_gift_add(gift, name, true, 1, &error),
          easysetup_gift_add(gift, name, true, 1, NULL));
    CHECK(out == NULL && pairing == NULL);
    easysetup_gift_free(gift);
    easysetup_options_free(options);
}

static void stores(void *none, easysetup_seed *seed, easysetup_store *store) {
    easysetup_seed *out = NULL;
    FAILS(BAD, easysetup_store_load(none, &out, &error), easysetup_store_load(none, &out, NULL));
    FAILS(BAD, easysetup_store_load(store, NULL, &error), easysetup_store_load(store, NULL, NULL));
    FAILS(BAD, easysetup_store_save(none, seed, true, &error), easysetup_store_save(none, seed, false, NULL));
    FAILS(BAD, easysetup_store_save(store, none, true, &error), easysetup_store_save(store, none, false, NULL));
    FAILS(BAD, easysetup_store_check(none, &error), easysetup_store_check(none, NULL));
    if (none != NULL) CHECK(easysetup_store_new_memory(none) == NULL);
    easysetup_store_free(none);
}

static void store_arguments(void) {
    easysetup_store *out = NULL;
    FAILS(BAD, easysetup_store_new_file(NULL, NULL, 0, &out, &error), easysetup_store_new_file("", NULL, 0, &out, NULL));
    FAILS(BAD, easysetup_store_new_file("/tmp/a", NULL, 0, NULL, &error), easysetup_store_new_file("/tmp/a", NULL, 1, &out, NULL));
    FAILS(EASYSETUP_ERROR_PASSPHRASE_UNFIT, easysetup_store_new_file("/tmp/a", "a", SIZE_MAX, &out, &error),
          easysetup_store_new_file("/tmp/a", "a", 0, &out, NULL));
    FAILS(BAD, easysetup_store_new(NULL, save, NULL, NULL, NULL, &out, &error), easysetup_store_new(load, NULL, NULL, NULL, NULL, &out, NULL));
    FAILS(BAD, easysetup_store_new(load, save, NULL, NULL, NULL, NULL, &error), easysetup_store_new(load, save, NULL, NULL, NULL, NULL, NULL));
    CHECK(out == NULL);
}

static void clients(void *none, easysetup_store *store) {
    easysetup_client *out = NULL;
    easysetup_pairing *pairing = NULL;
    const char *relay = "ws://127.0.0.1:1";
    FAILS(BAD, easysetup_client_new("a", none, &out, &error), easysetup_client_new("a", none, &out, NULL));
    FAILS(BAD, easysetup_client_new(NULL, store, &out, &error), easysetup_client_new(not_utf8, store, &out, NULL));
    FAILS(BAD, easysetup_client_new("", store, &out, &error), easysetup_client_new("\xe2\x80\x8b", store, &out, NULL));
    FAILS(BAD, easysetup_client_new("a", store, NULL, &error), easysetup_client_new("a", store, NULL, NULL));
    FAILS(BAD, easysetup_client_set_platform(none, "linux", &error), easysetup_client_set_platform(none, "linux", NULL));
    FAILS(BAD, easysetup_client_set_authorities(none, "a", &error), easysetup_client_set_authorities(none, "a", NULL));
    FAILS(BAD, easysetup_client_set_proxy(none, NULL, &error), easysetup_client_set_proxy(none, "http://a:1", NULL));
    FAILS(BAD, easysetup_client_set_limit(none, "crowd", 1, &error), easysetup_client_set_limit(none, "crowd", 1, NULL));
    FAILS(BAD, easysetup_offer(none, relay, NULL, &pairing, &error), easysetup_offer(none, relay, NULL, &pairing, NULL));
    FAILS(BAD, easysetup_join(none, "a", 1, relay, NULL, &pairing, &error), easysetup_join(none, "a", 1, relay, NULL, &pairing, NULL));
    CHECK(pairing == NULL && out == NULL);
    easysetup_client_free(none);
}

static void client_arguments(easysetup_client *client, void *seed) {
    easysetup_pairing *out = NULL;
    const char *relay = "ws://127.0.0.1:1";
    FAILS(BAD, easysetup_client_set_platform(client, NULL, &error), easysetup_client_set_platform(client, "amiga", NULL));
    FAILS(BAD, easysetup_client_set_authorities(client, NULL, &error), easysetup_client_set_authorities(client, not_utf8, NULL));
    FAILS(EASYSETUP_ERROR_PROXY_ADDRESS, easysetup_client_set_proxy(client, "?", &error), easysetup_client_set_proxy(client, "", NULL));
    FAILS(BAD, easysetup_client_set_proxy(client, not_utf8, &error), easysetup_client_set_proxy(client, not_utf8, NULL));
    FAILS(BAD, easysetup_client_set_limit(client, NULL, 1, &error), easysetup_client_set_limit(client, "unlimited", 1, NULL));
    FAILS(BAD, easysetup_client_set_limit(client, "crowd", 0, &error), easysetup_client_set_limit(client, "crowd", INT64_MAX, NULL));
    FAILS(BAD, easysetup_client_set_limit(client, "silence", -1, &error), easysetup_client_set_limit(client, "silence", INT64_MIN, NULL));
    FAILS(BAD, easysetup_offer(client, NULL, NULL, &out, &error), easysetup_offer(client, not_utf8, NULL, &out, NULL));
    FAILS(BAD, easysetup_offer(client, relay, NULL, NULL, &error), easysetup_offer(client, relay, seed, &out, NULL));
    FAILS(EASYSETUP_ERROR_RELAY_ADDRESS, easysetup_offer(client, "", NULL, &out, &error), easysetup_offer(client, "ftp://a", NULL, &out, NULL));
    FAILS(EASYSETUP_ERROR_RELAY_PLAIN, easysetup_offer(client, "ws://192.0.2.1", NULL, &out, &error),
          easysetup_offer(client, "ws://192.0.2.1", NULL, &out, NULL));
    FAILS(BAD, easysetup_join(client, NULL, 3, relay, NULL, &out, &error), easysetup_join(client, NULL, 0, relay, NULL, &out, NULL));
    FAILS(EASYSETUP_ERROR_CODE_TOO_LONG, easysetup_join(client, "a", SIZE_MAX, relay, NULL, &out, &error),
          easysetup_join(client, "a", 4097, relay, NULL, &out, NULL));
    FAILS(EASYSETUP_ERROR_TEXT_NOT_UTF_8, easysetup_join(client, not_utf8, 3, relay, NULL, &out, &error),
          easysetup_join(client, not_utf8, 3, relay, NULL, &out, NULL));
    FAILS(EASYSETUP_ERROR_CODE_WRONG_LENGTH, easysetup_join(client, "K7Q", 3, relay, NULL, &out, &error),
          easysetup_join(client, "", 0, relay, NULL, &out, NULL));
    FAILS(BAD, easysetup_join(client, "K7Q29MXAQ", 9, NULL, NULL, &out, &error), easysetup_join(client, "K7Q29MXAQ", 9, not_utf8, NULL, &out, NULL));
    FAILS(EASYSETUP_ERROR_NOT_A_LINK, easysetup_join(client, "easysetup://", 12, relay, NULL, &out, &error),
          easysetup_join(client, "easysetup://a/1/K7Q", 19, NULL, NULL, &out, NULL));
    FAILS(BAD, easysetup_relay_check(NULL, false, &error), easysetup_relay_check(not_utf8, false, NULL));
    FAILS(EASYSETUP_ERROR_RELAY_PLAIN, easysetup_relay_check("ws://192.0.2.1", false, &error), easysetup_relay_check("ws://192.0.2.1", false, NULL));
    CHECK(easysetup_relay_check("ws://192.0.2.1", true, NULL) == EASYSETUP_OK);
    FAILS(BAD, easysetup_code_check(NULL, 0, &error), easysetup_code_check(NULL, 9, NULL));
    FAILS(EASYSETUP_ERROR_CODE_MISTYPED, easysetup_code_check("K7Q29MXAA", 9, &error), easysetup_code_check("K7Q29MXAA", 9, NULL));
    FAILS(EASYSETUP_ERROR_CODE_TOO_LONG, easysetup_code_check("a", SIZE_MAX, &error), easysetup_code_check("a", 1025, NULL));
    CHECK(easysetup_code_check(" k7q-29m xaq", 12, NULL) == EASYSETUP_OK);
    CHECK(out == NULL);
}

static void pairings(void *none) {
    FAILS(BAD, easysetup_pairing_answer(none, 1, 1, &error), easysetup_pairing_answer(none, 0, -1, NULL));
    FAILS(BAD, easysetup_pairing_answer_word(none, 1, "a", 1, &error), easysetup_pairing_answer_word(none, 1, "a", SIZE_MAX, NULL));
    FAILS(BAD, easysetup_pairing_answer_word(none, 1, NULL, 1, &error), easysetup_pairing_answer_word(none, 1, NULL, 0, NULL));
    FAILS(BAD, easysetup_pairing_wait(none, -1, &error), easysetup_pairing_wait(none, INT64_MAX, NULL));
    CHECK(easysetup_pairing_device(none) == NULL);
    easysetup_pairing_cancel(none);
    easysetup_pairing_free(none);
    easysetup_options_on_state(none, NULL);
    easysetup_options_on_approval(none, NULL);
    easysetup_options_on_acceptance(none, NULL);
    easysetup_options_on_withdrawn(none, NULL);
    easysetup_options_on_end(none, NULL);
    easysetup_options_allow_plain(none, true);
    FAILS(BAD, easysetup_options_give(none, NULL, &error), easysetup_options_give(none, NULL, NULL));
    easysetup_options_free(none);
}

static void views(void *none) {
    CHECK(easysetup_state_kind(none) == 0 && easysetup_state_number(none) == 0 && easysetup_state_remaining(none) == -1);
    CHECK(easysetup_state_name(none) == NULL && easysetup_state_sentence(none) == NULL && easysetup_state_advice(none) == NULL);
    CHECK(easysetup_state_key(none) == NULL && easysetup_state_parameter(none, NULL) == NULL);
    CHECK(easysetup_state_parameter_name(none, -1) == NULL && !easysetup_state_look_at_other(none));
    CHECK(easysetup_state_offer_code(none) == NULL && easysetup_state_offer_link(none) == NULL);
    CHECK(easysetup_state_peer_name(none) == NULL && easysetup_state_peer_platform(none) == NULL);
    CHECK(easysetup_state_word(none, 0) == NULL && easysetup_state_word(none, INT32_MIN) == NULL);
    CHECK(easysetup_state_fingerprint(none) == NULL && easysetup_state_role(none) == NULL);
    CHECK(easysetup_state_error(none) == NULL && easysetup_state_copy(none) == NULL);
    CHECK(easysetup_state_scope(none) == NULL && easysetup_question_scope(none) == NULL);
    easysetup_state_free(none);
    CHECK(easysetup_question_id(none) == 0 && easysetup_question_kind(none) == 0 && easysetup_question_attempt(none) == 0);
    CHECK(easysetup_question_peer_name(none) == NULL && easysetup_question_peer_platform(none) == NULL);
    CHECK(easysetup_question_word(none, 9) == NULL && !easysetup_question_needs_word(none));
    CHECK(easysetup_question_mistake(none) == 0 && easysetup_question_fingerprint(none) == NULL);
    CHECK(easysetup_question_code_age(none) == 0 && easysetup_question_remaining(none) == 0);
}

int main(void) {
    easysetup_seed *seed = easysetup_seed_random(7), *freed = easysetup_seed_random(8);
    easysetup_store *store = easysetup_store_new_memory(NULL);
    easysetup_options *options = easysetup_options_new(NULL);
    easysetup_client *client = NULL;
    easysetup_error *own = easysetup_error_new("app-a", "It failed.", "Wait.", true);
    int local = 0;
    size_t index, live;

    CHECK(easysetup_client_new("a", store, &client, NULL) == EASYSETUP_OK);
    easysetup_seed_free(freed);
    handles[0] = NULL;
    handles[1] = freed;         /* freed */
    handles[2] = options;       /* of another type, for all that are called with it below */
    handles[3] = &local;        /* a pointer of the program's */
    handles[4] = (void *)-1;
    handles[5] = (void *)(uintptr_t)0xdeadbeef;
    live = easysetup_handle_count();
    CHECK(live == 5);
    for (index = 0; index < sizeof handles / sizeof *handles; index++) {
        void *none = handles[index];
        errors(none);
        seeds(none, seed);
        stores(none, seed, store);
        memberships(none, store, options);
        clients(none, store);
        views(none);
        pairings(none == options ? (void *)seed : none);
    }
    seed_arguments(seed);
    store_arguments();
    client_arguments(client, seed);
    membership_arguments(seed, store, client);
    CHECK(easysetup_error_new(NULL, "", "", false) == NULL && easysetup_error_new("app-a", NULL, "", false) == NULL);
    CHECK(easysetup_error_new("app-a", "", NULL, false) == NULL && easysetup_error_new("store-full", "", "", false) == NULL);
    CHECK(easysetup_error_new(not_utf8, "", "", false) == NULL && easysetup_error_new("app-a", not_utf8, "", false) == NULL);
    CHECK(easysetup_error_code(own) == EASYSETUP_ERROR_APP && easysetup_error_retry_helps(own));
    CHECK(strcmp(easysetup_error_name(own), "app-a") == 0);
    /* Nothing above has given or freed a handle. */
    CHECK(easysetup_handle_count() == live);
    easysetup_error_free(own);
    easysetup_error_free(own);
    easysetup_client_free(client);
    easysetup_options_free(options);
    easysetup_store_free(store);
    easysetup_seed_free(seed);
    CHECK(easysetup_handle_count() == 0);
    CHECK(strcmp(easysetup_version(), EASYSETUP_VERSION) == 0);
    printf("%d checks\n", checks_made);
    return 0;
}
