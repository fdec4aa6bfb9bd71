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
