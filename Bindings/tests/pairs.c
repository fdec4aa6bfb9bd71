/* Whole pairings of two devices in this process, at the relay that the caller names: callbacks, answers, cancelling, freeing. */
#define _POSIX_C_SOURCE 200809L
#include "sides.h"

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

/* The holder shows the code, and answers inside the callback. Once by code, once by link. */
static void holder_offers(bool by_link) {
    struct side a, b;
    holder(&a), receiver(&b);
    a.answer = EASYSETUP_ANSWER_YES;
    offer(&a);
    join(&b, by_link ? a.link : a.code);
    ends_with(&a, EASYSETUP_STATE_PAIRED, "");
    ends_with(&b, EASYSETUP_STATE_PAIRED, "");
    CHECK(same_seed(&a, &b) && strcmp(a.role, "holder") == 0 && strcmp(b.role, "receiver") == 0);
    CHECK(a.word[0] != 0 && strcmp(a.word, b.word) == 0);
    CHECK(strcmp(a.asked_scope, "everything") == 0 && strcmp(a.scope, "everything") == 0);
    CHECK(strcmp(b.scope, "everything") == 0);
    end(&a), end(&b);
}

/* The receiver shows the code and accepts; the holder types a word, first a wrong one, from this thread. */
static void receiver_offers(void) {
    struct side a, b;
    uint64_t first;
    holder(&a), receiver(&b);
    b.answer = EASYSETUP_ANSWER_YES;
    easysetup_options_on_acceptance(b.options, on_question);
    offer(&b);
    CHECK(b.link[0] == 0);
    join(&a, b.code);
    AWAIT(&a, a.question != 0);
    first = a.question;
    CHECK(a.needs_word && a.mistake == EASYSETUP_MISTAKE_NONE && a.attempt == 1);
    CHECK(easysetup_pairing_answer(a.pairing, first, 9, NULL) == EASYSETUP_ERROR_BAD_ARGUMENT);
    CHECK(easysetup_pairing_answer(a.pairing, first + 1, 1, NULL) == EASYSETUP_ERROR_NO_QUESTION);
    CHECK(easysetup_pairing_answer_word(a.pairing, first, "ottter", 6, NULL) == EASYSETUP_OK);
    CHECK(easysetup_pairing_answer_word(a.pairing, first, "otter", 5, NULL) == EASYSETUP_ERROR_NO_QUESTION);
    AWAIT(&a, a.question != first);
    CHECK(a.mistake == EASYSETUP_MISTAKE_SLIP && a.attempt == 2);
    AWAIT(&b, b.word[0] != 0);
    CHECK(easysetup_pairing_answer_word(a.pairing, a.question, b.word, strlen(b.word), NULL) == EASYSETUP_OK);
    ends_with(&a, EASYSETUP_STATE_PAIRED, "");
    ends_with(&b, EASYSETUP_STATE_PAIRED, "");
    CHECK(same_seed(&a, &b) && a.withdrawn == 0);
    end(&a), end(&b);
}

/* Lets a holder give two collections, of which one is for reading alone, until the end of 2099. */
static void give_collections(struct side *side, const easysetup_seed *seed) {
    easysetup_gift *gift = easysetup_gift_new(seed);
    CHECK(easysetup_gift_add(gift, "notes", true, 1, NULL) == EASYSETUP_OK);
    CHECK(easysetup_gift_add(gift, "bookmarks", false, 3, NULL) == EASYSETUP_OK);
    CHECK(easysetup_gift_set_until(gift, 4102444799u, NULL) == EASYSETUP_OK);
    CHECK(easysetup_options_give(side->options, gift, NULL) == EASYSETUP_OK);
    easysetup_gift_free(gift);
}

static const char *const given = "bookmarks (read only), notes, until 2099-12-31";

/* Checks that a device has the membership that `give_collections` makes, of the chain of a seed, for the device with this id, and
   no seed. */
static void has_membership(easysetup_store *store, const easysetup_seed *seed, const char *device) {
    easysetup_seed *none = NULL;
    easysetup_membership *held = NULL, *read = NULL;
    const easysetup_scope *scope;
    char fingerprint[EASYSETUP_FINGERPRINT_BYTES];
    uint8_t bytes[2048], again[2048];
    size_t size;
    CHECK(easysetup_store_load(store, &none, NULL) == EASYSETUP_OK && none == NULL);
    CHECK(easysetup_store_load_membership(store, &held, NULL) == EASYSETUP_OK && held != NULL);
    CHECK(easysetup_seed_fingerprint(seed, fingerprint, sizeof fingerprint, NULL) == EASYSETUP_OK);
    CHECK(strcmp(easysetup_membership_fingerprint(held), fingerprint) == 0);
    CHECK(strlen(device) == 11 && strcmp(easysetup_membership_device(held), device) == 0);
    scope = easysetup_membership_scope(held);
    CHECK(strcmp(easysetup_scope_text(scope), given) == 0 && !easysetup_scope_is_everything(scope));
    CHECK(strcmp(easysetup_scope_collection(scope, 0), "bookmarks") == 0 && !easysetup_scope_may_write(scope, 0));
    CHECK(strcmp(easysetup_scope_collection(scope, 1), "notes") == 0 && easysetup_scope_may_write(scope, 1));
    CHECK(easysetup_scope_collection(scope, 2) == NULL && !easysetup_scope_may_write(scope, 2));
    CHECK(easysetup_scope_collection(scope, -1) == NULL && easysetup_scope_until(scope) == 4102444799u);
    size = easysetup_membership_size(held);
    CHECK(size > 0 && size <= sizeof bytes);
    CHECK(easysetup_membership_copy_bytes(held, bytes, size - 1, NULL) == EASYSETUP_ERROR_BUFFER_TOO_SMALL);
    CHECK(easysetup_membership_copy_bytes(held, bytes, size, NULL) == EASYSETUP_OK);
    CHECK(easysetup_membership_from_bytes(bytes, size, &read, NULL) == EASYSETUP_OK);
    easysetup_membership_free(held);
    CHECK(easysetup_scope_text(scope) == NULL); /* it belonged to the membership */
    held = easysetup_membership_copy(read);
    easysetup_membership_free(read);
    CHECK(easysetup_membership_copy_bytes(held, again, size, NULL) == EASYSETUP_OK && memcmp(bytes, again, size) == 0);
    easysetup_membership_free(held);
}

/* A holder gives some collections by the code that it shows, and by the one that the receiver shows, in whose store they are then.
   What is given is told on both sides, before it is given and after. */
static void gives_collections(bool receiver_offers) {
    struct side a, b;
    easysetup_seed *seed = NULL;
    holder(&a), receiver(&b);
    CHECK(easysetup_store_load(a.store, &seed, NULL) == EASYSETUP_OK);
    give_collections(&a, seed);
    if (receiver_offers) {
        b.answer = EASYSETUP_ANSWER_YES;
        easysetup_options_on_acceptance(b.options, on_question);
        offer(&b);
        join(&a, b.code);
        AWAIT(&a, a.question != 0);
        AWAIT(&b, b.word[0] != 0);
        CHECK(easysetup_pairing_answer_word(a.pairing, a.question, b.word, strlen(b.word), NULL) == EASYSETUP_OK);
    } else {
        a.answer = EASYSETUP_ANSWER_YES;
        offer(&a);
        join(&b, a.code);
    }
    ends_with(&a, EASYSETUP_STATE_PAIRED, "");
    ends_with(&b, EASYSETUP_STATE_PAIRED, "");
    CHECK(strcmp(a.asked_scope, given) == 0 && strcmp(a.scope, given) == 0 && strcmp(b.scope, given) == 0);
    CHECK(!receiver_offers || strcmp(b.asked_scope, given) == 0);
    /* The giver knows the device in the chain by its id. The receiver gives none. */
    CHECK(easysetup_pairing_device(a.pairing) != NULL && easysetup_pairing_device(b.pairing) == NULL);
    has_membership(b.store, seed, easysetup_pairing_device(a.pairing));
    easysetup_seed_free(seed);
    end(&a), end(&b);
}

/* Some collections are given by a device with the seed of their chain alone, and kept by a store that keeps memberships. */
static void gives_in_vain(void) {
    struct side a, b;
    easysetup_seed *other = easysetup_seed_random(0);
    holder(&a);
    give_collections(&a, other);
    offer(&a);
    ends_with(&a, EASYSETUP_STATE_FAILED, "other-seed-stored");
    end(&a);

    receiver(&b);
    give_collections(&b, other);
    offer(&b);
    ends_with(&b, EASYSETUP_STATE_FAILED, "no-seed-to-give");
    end(&b);
    easysetup_seed_free(other);
}

static void refused(void) {
    struct side a, b;
    holder(&a), receiver(&b);
    a.answer = EASYSETUP_ANSWER_NO;
    offer(&a);
    join(&b, a.code);
    ends_with(&a, EASYSETUP_STATE_FAILED, "declined-here");
    ends_with(&b, EASYSETUP_STATE_FAILED, "declined");
    end(&a), end(&b);
}

/* Without a callback that asks, a holder gives nothing. */
static void nobody(void) {
    struct side a;
    holder(&a);
    easysetup_options_on_approval(a.options, NULL);
    CHECK(easysetup_offer(a.client, relay, a.options, &a.pairing, NULL) == EASYSETUP_OK);
    ends_with(&a, EASYSETUP_STATE_FAILED, "nobody-to-ask");
    end(&a);
}

static void wrong_code(void) {
    static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    struct side a, b;
    char typed[32];
    size_t last, index = 0;
    holder(&a), receiver(&b);
    a.answer = EASYSETUP_ANSWER_NO;
    offer(&a);
    /* Another secret with a right check symbol. */
    strcpy(typed, a.code);
    last = strlen(typed) - 1;
    typed[last - 1] = typed[last - 1] == '0' ? '1' : '0';
    do typed[last] = symbols[index++];
    while (easysetup_code_check(typed, strlen(typed), NULL) != EASYSETUP_OK && index < 32);
    join(&b, typed);
    ends_with(&b, EASYSETUP_STATE_FAILED, "wrong-code");
    AWAIT(&a, a.kind == EASYSETUP_STATE_WRONG_PROOF);
    CHECK(a.number == 1);
    CHECK(easysetup_pairing_wait(a.pairing, 1, NULL) == EASYSETUP_ERROR_STILL_RUNNING);
    easysetup_pairing_cancel(a.pairing); /* from another thread than the callbacks' */
    ends_with(&a, EASYSETUP_STATE_FAILED, "cancelled-here");
    end(&a), end(&b);
}

/* The receiver cancels inside a callback while the holder is asked, and the question is withdrawn. */
static void cancelled(void) {
    struct side a, b;
    holder(&a), receiver(&b);
    b.cancel_at = EASYSETUP_STATE_WAITING;
    offer(&a);
    join(&b, a.code);
    ends_with(&b, EASYSETUP_STATE_FAILED, "cancelled-here");
    ends_with(&a, EASYSETUP_STATE_FAILED, "cancelled");
    CHECK(a.question != 0 ? a.withdrawn == a.question : a.withdrawn == 0);
    CHECK(easysetup_pairing_answer(a.pairing, a.question, 1, NULL) == EASYSETUP_ERROR_NO_QUESTION);
    end(&a), end(&b);
}

/* The receiver frees its pairing inside a callback: no callback comes after that one. */
static void freed_inside(void) {
    struct side a, b;
    int states;
    holder(&a), receiver(&b);
    b.free_at = EASYSETUP_STATE_WAITING;
    offer(&a);
    join(&b, a.code);
    ends_with(&a, EASYSETUP_STATE_FAILED, "cancelled");
    states = b.states;
    CHECK(b.freed && !b.ended && easysetup_pairing_wait(b.pairing, 0, NULL) == EASYSETUP_ERROR_BAD_ARGUMENT);
    end(&a), end(&b);
    CHECK(b.states == states && !b.ended);
}

static void *free_pairing(void *context) {
    struct side *side = context;
    easysetup_pairing_free(side->pairing);
    pthread_mutex_lock(&side->lock);
    CHECK(!side->running);
    side->freed = true;
    pthread_cond_broadcast(&side->changed);
    pthread_mutex_unlock(&side->lock);
    return NULL;
}

/* Another thread frees a pairing while its callback runs: that thread waits for the callback, and none comes after it. */
static void freed_outside(void) {
    struct side a, b;
    pthread_t thread;
    holder(&a), receiver(&b);
    b.block_at = EASYSETUP_STATE_WAITING;
    offer(&a);
    join(&b, a.code);
    AWAIT(&b, b.running);
    AWAIT(&b, b.kind == EASYSETUP_STATE_WAITING);
    pthread_create(&thread, NULL, free_pairing, &b);
    /* Freeing cancels at once, so the other device hears of it while the callback still blocks. */
    ends_with(&a, EASYSETUP_STATE_FAILED, "cancelled");
    CHECK(!b.freed);
    pthread_mutex_lock(&b.lock);
    b.may_return = true;
    pthread_cond_broadcast(&b.changed);
    pthread_mutex_unlock(&b.lock);
    pthread_join(thread, NULL);
    CHECK(b.freed);
    end(&a), end(&b);
}

/* Stores by callbacks that fail: when they are asked for a seed, and when they are to keep one. */
static easysetup_code fails_to_load(void *context, easysetup_seed **seed, easysetup_error **error) {
    (void)context, (void)seed;
    *error = easysetup_error_new("app-locked", "The keychain is locked.", "Unlock it.", true);
    return EASYSETUP_ERROR_APP;
}

static easysetup_code is_empty(void *context, easysetup_seed **seed, easysetup_error **error) {
    (void)context, (void)seed, (void)error;
    return EASYSETUP_OK;
}

static easysetup_code fails_to_save(void *context, const easysetup_seed *seed, bool replacing, easysetup_error **error) {
    (void)context, (void)replacing, (void)error;
    CHECK(easysetup_seed_created_at(seed) == 0);
    return EASYSETUP_ERROR_STORE_FULL;
}

static easysetup_code is_read_only(void *context, easysetup_error **error) {
    (void)context, (void)error;
    return EASYSETUP_ERROR_STORE_READ_ONLY;
}

/* A store by callbacks that keeps a membership, and one that keeps seeds alone. */
static easysetup_membership *kept_membership;

static easysetup_code loads_membership(void *context, easysetup_membership **membership, easysetup_error **error) {
    (void)context, (void)error;
    *membership = easysetup_membership_copy(kept_membership);
    return EASYSETUP_OK;
}

static easysetup_code saves_membership(void *context, const easysetup_membership *membership, bool replacing,
                                       easysetup_error **error) {
    const char *chain = easysetup_membership_fingerprint(membership);
    (void)context, (void)error;
    easysetup_membership_free((easysetup_membership *)membership); /* no effect: the handle is lent */
    if (kept_membership != NULL && !replacing && strcmp(easysetup_membership_fingerprint(kept_membership), chain) != 0)
        return EASYSETUP_ERROR_OTHER_SEED_STORED;
    easysetup_membership_free(kept_membership);
    kept_membership = easysetup_membership_copy(membership);
    return EASYSETUP_OK;
}

static int released;
static void release(void *context) {
    (void)context;
    released++;
}

static void failing_stores(void) {
    struct side a, b;
    easysetup_store *store = NULL;
    CHECK(easysetup_store_new(fails_to_load, fails_to_save, NULL, release, NULL, &store, NULL) == EASYSETUP_OK);
    begin(&b, "receiver", store);
    CHECK(easysetup_offer(b.client, relay, b.options, &b.pairing, NULL) == EASYSETUP_OK);
    ends_with(&b, EASYSETUP_STATE_FAILED, "app-locked");
    end(&b);

    CHECK(easysetup_store_new(is_empty, fails_to_save, is_read_only, release, NULL, &store, NULL) == EASYSETUP_OK);
    begin(&b, "receiver", store);
    CHECK(easysetup_offer(b.client, relay, b.options, &b.pairing, NULL) == EASYSETUP_OK);
    ends_with(&b, EASYSETUP_STATE_FAILED, "store-read-only");
    end(&b);

    holder(&a);
    CHECK(easysetup_store_new(is_empty, fails_to_save, NULL, release, NULL, &store, NULL) == EASYSETUP_OK);
    begin(&b, "receiver", store);
    a.answer = EASYSETUP_ANSWER_YES;
    offer(&a);
    join(&b, a.code);
    ends_with(&b, EASYSETUP_STATE_FAILED, "store-full");
    ends_with(&a, EASYSETUP_STATE_FAILED, "peer-not-stored");
    end(&a), end(&b);
}

static void own_stores(void) {
    /* What happens on both devices: memberships are not kept; one is kept; one of another chain is kept already. */
    static const char *const errors[][2] = {{"membership-not-kept", "peer-not-stored"}, {"", ""}, {"other-seed-stored", "other-seed"}};
    struct side a, b;
    easysetup_store *store = NULL;
    easysetup_seed *seed = NULL;
    int index;
    for (index = 0; index < 3; index++) {
        int kind = index == 1 ? EASYSETUP_STATE_PAIRED : EASYSETUP_STATE_FAILED;
        holder(&a);
        CHECK(easysetup_store_load(a.store, &seed, NULL) == EASYSETUP_OK);
        give_collections(&a, seed);
        CHECK(easysetup_store_new(is_empty, fails_to_save, NULL, release, NULL, &store, NULL) == EASYSETUP_OK);
        if (index > 0) CHECK(easysetup_store_on_membership(store, loads_membership, saves_membership, NULL) == EASYSETUP_OK);
        begin(&b, "receiver", store);
        a.answer = EASYSETUP_ANSWER_YES;
        offer(&a);
        join(&b, a.code);
        ends_with(&b, kind, errors[index][0]);
        ends_with(&a, kind, errors[index][1]);
        if (index == 1) has_membership(b.store, seed, easysetup_pairing_device(a.pairing));
        easysetup_seed_free(seed);
        end(&a), end(&b);
    }
    easysetup_membership_free(kept_membership);
    kept_membership = NULL;
}

/* A child of this process has none of the library's threads. It can work with seeds, and gets errors for the rest. What it frees
   goes on in the parent. */
static void forked(void) {
    struct side a, b;
    int status = 1;
    pid_t child;
    holder(&a), receiver(&b);
    a.answer = EASYSETUP_ANSWER_YES;
    offer(&a);
    child = fork();
    if (child == 0) {
        easysetup_seed *seed = easysetup_seed_random(0), *loaded = NULL;
        easysetup_pairing *pairing = NULL;
        CHECK(seed != NULL);
        CHECK(easysetup_store_load(a.store, &loaded, NULL) == EASYSETUP_ERROR_AFTER_FORK);
        CHECK(easysetup_offer(a.client, relay, NULL, &pairing, NULL) == EASYSETUP_ERROR_AFTER_FORK);
        CHECK(easysetup_pairing_wait(a.pairing, -1, NULL) == EASYSETUP_ERROR_AFTER_FORK);
        easysetup_pairing_cancel(a.pairing);
        easysetup_pairing_free(a.pairing);
        easysetup_client_free(a.client);
        easysetup_store_free(a.store);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    join(&b, a.code);
    ends_with(&a, EASYSETUP_STATE_PAIRED, "");
    ends_with(&b, EASYSETUP_STATE_PAIRED, "");
    end(&a), end(&b);
}

/* Everything may be freed while the pairing runs, and options may be missing. */
static void freed_early(void) {
    struct side a;
    easysetup_pairing *pairing = NULL;
    holder(&a);
    CHECK(easysetup_offer(a.client, relay, NULL, &pairing, NULL) == EASYSETUP_OK);
    CHECK(easysetup_pairing_wait(pairing, -1, NULL) == EASYSETUP_OK);
    easysetup_pairing_free(pairing);
    offer(&a);
    easysetup_options_free(a.options);
    easysetup_store_free(a.store);
    easysetup_client_free(a.client);
    easysetup_pairing_cancel(a.pairing);
    ends_with(&a, EASYSETUP_STATE_FAILED, "cancelled-here");
    easysetup_pairing_free(a.pairing);
}

/* The bytes that malloc has given out. */
static size_t used(void) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    return mallinfo2().uordblks;
#else
    return 0;
#endif
}

/* RELAY [ROUNDS] */
int main(int count, char **arguments) {
    int rounds = count > 2 ? atoi(arguments[2]) : 1;
    CHECK(count > 1);
    relay = arguments[1];
    while (rounds-- > 0) {
        holder_offers(false);
        holder_offers(true);
        receiver_offers();
        gives_collections(false);
        gives_collections(true);
        gives_in_vain();
        own_stores();
        refused();
        nobody();
        wrong_code();
        cancelled();
        freed_inside();
        freed_outside();
        failing_stores();
        freed_early();
        CHECK(easysetup_handle_count() == 0);
        printf("used %zu\n", used());
    }
    forked();
    CHECK(easysetup_handle_count() == 0);
    printf("%d checks\n", checks_made);
    return 0;
}
