/* One device of a pairing in the C tests: its callbacks, which check what every callback may rely on, and what they have seen. */
#ifndef SIDES_H
#define SIDES_H

#include "checks.h"

#include <pthread.h>

/* One device, and what its callbacks have seen. `lock` guards all of it. */
struct side {
    const char *name;
    easysetup_store *store;
    easysetup_client *client;
    easysetup_options *options;
    easysetup_pairing *pairing;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int kind, states, number, mistake, attempt;
    char code[32], error[64], word[16], role[16], link[400], scope[160], asked_scope[160];
    uint64_t question, withdrawn;
    bool needs_word, ended, freed, running, may_return;
    /* What the callbacks do: answer at once, cancel or free at a state, wait until they may return. */
    int answer, cancel_at, free_at, block_at;
};

static const char *relay;

static void on_state(void *context, easysetup_pairing *pairing, const easysetup_state *state) {
    struct side *side = context;
    easysetup_state *copy = easysetup_state_copy(state);
    int kind = easysetup_state_kind(state);
    easysetup_error *error = NULL;
    CHECK(copy != NULL && easysetup_state_kind(copy) == kind);
    easysetup_state_free(copy);
    easysetup_state_free((easysetup_state *)state); /* no effect: the handle is lent */
    CHECK(easysetup_state_kind(state) == kind && strlen(easysetup_state_sentence(state)) > 0);
    CHECK(easysetup_pairing_wait(pairing, 0, &error) == EASYSETUP_ERROR_WRONG_THREAD);
    easysetup_error_free(error);

    pthread_mutex_lock(&side->lock);
    CHECK(!side->freed && !side->ended && !side->running);
    side->running = true;
    side->kind = kind;
    side->states++;
    side->number = easysetup_state_number(state);
    if (easysetup_state_offer_code(state)) strcpy(side->code, easysetup_state_offer_code(state));
    if (easysetup_state_offer_link(state)) strcpy(side->link, easysetup_state_offer_link(state));
    if (easysetup_state_word(state, 1)) strcpy(side->word, easysetup_state_word(state, 1));
    if (easysetup_state_role(state)) strcpy(side->role, easysetup_state_role(state));
    if (easysetup_state_error(state)) strcpy(side->error, easysetup_error_name(easysetup_state_error(state)));
    if (easysetup_state_scope(state)) strcpy(side->scope, easysetup_scope_text(easysetup_state_scope(state)));
    CHECK((easysetup_state_scope(state) != NULL) == (kind == EASYSETUP_STATE_ACCEPTING || kind == EASYSETUP_STATE_PAIRED));
    if (kind == EASYSETUP_STATE_OFFERED) CHECK(easysetup_state_remaining(state) > 0);
    if (kind == EASYSETUP_STATE_DECIDING) CHECK(easysetup_state_word(state, 0) == NULL);
    pthread_cond_broadcast(&side->changed);
    while (kind == side->block_at && !side->may_return) pthread_cond_wait(&side->changed, &side->lock);
    side->running = false;
    if (kind == side->free_at) side->freed = true;
    pthread_mutex_unlock(&side->lock);

    if (kind == side->cancel_at) easysetup_pairing_cancel(pairing);
    if (kind == side->free_at) easysetup_pairing_free(pairing);
}

static void on_question(void *context, easysetup_pairing *pairing, const easysetup_question *question) {
    struct side *side = context;
    uint64_t id = easysetup_question_id(question);
    bool needs_word = easysetup_question_needs_word(question);
    CHECK(strcmp(easysetup_question_peer_platform(question), "linux") == 0);
    CHECK((easysetup_question_word(question, 0) == NULL) == needs_word && easysetup_question_word(question, 2) == NULL);
    CHECK(easysetup_question_remaining(question) > 0 && easysetup_question_code_age(question) >= 0);
    if (easysetup_question_kind(question) == EASYSETUP_QUESTION_ACCEPTANCE)
        CHECK(strlen(easysetup_question_fingerprint(question)) == 64);
    pthread_mutex_lock(&side->lock);
    CHECK(!side->freed && !side->ended && id > side->question);
    side->question = id;
    side->needs_word = needs_word;
    side->mistake = easysetup_question_mistake(question);
    side->attempt = easysetup_question_attempt(question);
    strcpy(side->asked_scope, easysetup_scope_text(easysetup_question_scope(question)));
    pthread_cond_broadcast(&side->changed);
    pthread_mutex_unlock(&side->lock);
    if (side->answer != 0) CHECK(easysetup_pairing_answer(pairing, id, side->answer, NULL) == EASYSETUP_OK);
}

static void on_withdrawn(void *context, easysetup_pairing *pairing, uint64_t id) {
    struct side *side = context;
    (void)pairing;
    pthread_mutex_lock(&side->lock);
    CHECK(!side->freed && !side->ended);
    side->withdrawn = id;
    pthread_mutex_unlock(&side->lock);
}

static void on_end(void *context, easysetup_pairing *pairing) {
    struct side *side = context;
    (void)pairing;
    pthread_mutex_lock(&side->lock);
    CHECK(!side->freed && !side->ended);
    CHECK(side->kind == EASYSETUP_STATE_PAIRED || side->kind == EASYSETUP_STATE_FAILED);
    side->ended = true;
    pthread_cond_broadcast(&side->changed);
    pthread_mutex_unlock(&side->lock);
}

/* A device whose store holds the seed, or (NULL) none. */
static void begin(struct side *side, const char *name, easysetup_store *store) {
    memset(side, 0, sizeof *side);
    side->name = name;
    side->store = store;
    pthread_mutex_init(&side->lock, NULL);
    pthread_cond_init(&side->changed, NULL);
    CHECK(easysetup_client_new(name, store, &side->client, NULL) == EASYSETUP_OK);
    CHECK(easysetup_client_set_platform(side->client, "linux", NULL) == EASYSETUP_OK);
    CHECK(easysetup_client_set_limit(side->client, "reachTimeout", 60000, NULL) == EASYSETUP_OK);
    CHECK(easysetup_client_set_proxy(side->client, NULL, NULL) == EASYSETUP_OK);
    side->options = easysetup_options_new(side);
    easysetup_options_on_state(side->options, on_state);
    easysetup_options_on_approval(side->options, on_question);
    easysetup_options_on_withdrawn(side->options, on_withdrawn);
    easysetup_options_on_end(side->options, on_end);
}

static void holder(struct side *side) {
    easysetup_seed *seed = easysetup_seed_random(0);
    begin(side, "holder", easysetup_store_new_memory(seed));
    easysetup_seed_free(seed);
}

static void receiver(struct side *side) {
    begin(side, "receiver", easysetup_store_new_memory(NULL));
}

#define AWAIT(side, condition)                                                          \
    do {                                                                                \
        pthread_mutex_lock(&(side)->lock);                                              \
        while (!(condition)) pthread_cond_wait(&(side)->changed, &(side)->lock);        \
        pthread_mutex_unlock(&(side)->lock);                                            \
    } while (0)

static void offer(struct side *side) {
    CHECK(easysetup_offer(side->client, relay, side->options, &side->pairing, NULL) == EASYSETUP_OK);
    AWAIT(side, side->code[0] != 0 || side->ended);
}

static void join(struct side *side, const char *code) {
    CHECK(easysetup_join(side->client, code, strlen(code), relay, side->options, &side->pairing, NULL) == EASYSETUP_OK);
}

/* Waits for the end of a pairing, and frees everything. */
static void end(struct side *side) {
    if (!side->freed) {
        CHECK(easysetup_pairing_wait(side->pairing, -1, NULL) == EASYSETUP_OK);
        CHECK(side->ended);
        CHECK(easysetup_pairing_wait(side->pairing, 0, NULL) == EASYSETUP_OK);
    }
    CHECK(easysetup_client_set_platform(side->client, "tv", NULL) == EASYSETUP_ERROR_CLIENT_IN_USE);
    easysetup_pairing_free(side->pairing);
    easysetup_options_free(side->options);
    easysetup_client_free(side->client);
    easysetup_store_free(side->store);
}

static void ends_with(struct side *side, int kind, const char *error) {
    CHECK(easysetup_pairing_wait(side->pairing, -1, NULL) == EASYSETUP_OK);
    if (side->kind != kind || strcmp(side->error, error) != 0)
        fprintf(stderr, "%s ended as %d with \"%s\", not as %d with \"%s\"\n", side->name, side->kind, side->error, kind, error);
    CHECK(side->kind == kind && strcmp(side->error, error) == 0);
}

static bool same_seed(struct side *a, struct side *b) {
    easysetup_seed *one = NULL, *two = NULL;
    bool is_same;
    CHECK(easysetup_store_load(a->store, &one, NULL) == EASYSETUP_OK && easysetup_store_load(b->store, &two, NULL) == EASYSETUP_OK);
    is_same = easysetup_seed_is_same(one, two);
    easysetup_seed_free(one);
    easysetup_seed_free(two);
    return is_same;
}

#endif
