/*
 * pair.c - two devices, by the C interface.
 *
 *     cc pair.c $(pkg-config --cflags --libs easysetup) -o pair
 *     ./pair offer wss://relay.example FOLDER          shows a code
 *     ./pair join wss://relay.example FOLDER           asks for the code
 *
 * The device whose folder holds a seed gives it, or only some collections: `./pair offer wss://relay.example FOLDER notes,bookmarks`.
 * `./pair seed - FOLDER` makes a seed.
 */
#define _POSIX_C_SOURCE 200809L

#include <easysetup.h>

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* Says what went wrong, and what to do. */
static int explain(easysetup_error *error) {
    fprintf(stderr, "%s\n%s\n", easysetup_error_description(error), easysetup_error_advice(error));
    easysetup_error_free(error);
    return 1;
}

/* A line of standard input, without its end. */
static const char *line(void) {
    static char text[4200];
    if (fgets(text, sizeof text, stdin) == NULL) return "";
    text[strcspn(text, "\n")] = 0;
    return text;
}

/* Runs on a thread of the library, so an app with a user interface would pass easysetup_state_copy(state) to its own. */
static void on_state(void *context, easysetup_pairing *pairing, const easysetup_state *state) {
    int *result = context;
    (void)pairing;
    if (easysetup_state_offer_code(state) != NULL) printf("code %s\n", easysetup_state_offer_code(state));
    printf("state %s: %s %s\n", easysetup_state_name(state), easysetup_state_sentence(state),
           easysetup_state_advice(state));
    if (easysetup_state_kind(state) == EASYSETUP_STATE_WAITING)
        printf("words %s %s\n", easysetup_state_word(state, 0), easysetup_state_word(state, 1));
    if (easysetup_state_kind(state) == EASYSETUP_STATE_PAIRED) *result = 0;
    if (easysetup_state_kind(state) == EASYSETUP_STATE_FAILED)
        printf("failed %s\n", easysetup_error_name(easysetup_state_error(state)));
    fflush(stdout);
}

/* The number of the question that waits for an answer, or 0, and whether a word answers it. */
static _Atomic uint64_t asked;
static atomic_bool wants_word;

/* Shows the question and returns, because no state comes meanwhile. `main` reads the answer. */
static void on_question(void *context, easysetup_pairing *pairing, const easysetup_question *question) {
    (void)context, (void)pairing;
    wants_word = easysetup_question_needs_word(question);
    if (wants_word)
        printf("question: a word from the screen of \"%s\"?", easysetup_question_peer_name(question));
    else
        printf("question: is it \"%s\" (%s), with the words %s and %s on its screen?",
               easysetup_question_peer_name(question), easysetup_question_peer_platform(question),
               easysetup_question_word(question, 0), easysetup_question_word(question, 1));
    printf(" It is about %s.\n", easysetup_scope_text(easysetup_question_scope(question)));
    fflush(stdout);
    asked = easysetup_question_id(question);
}

/* The other device has stopped, or the time is over: nobody needs to answer any more. */
static void on_withdrawn(void *context, easysetup_pairing *pairing, uint64_t question) {
    (void)context, (void)pairing, (void)question;
    asked = 0;
}

/* Answers the question if there is one, and the user has typed a line. An app with a loop of events has both as events. */
static void answer(easysetup_pairing *pairing) {
    struct pollfd input = {.fd = 0, .events = POLLIN};
    uint64_t question = asked;
    const char *text;
    if (question == 0 || poll(&input, 1, 0) <= 0) return;
    text = line();
    /* After a wrong word the next question comes with a number of its own. */
    asked = 0;
    if (wants_word)
        easysetup_pairing_answer_word(pairing, question, text, strlen(text), NULL);
    else
        easysetup_pairing_answer(pairing, question,
                                 strcmp(text, "yes") == 0 ? EASYSETUP_ANSWER_YES : EASYSETUP_ANSWER_NO, NULL);
}

/* Lets the pairing give these collections in place of the seed: their names, with commas between them. */
static easysetup_code give(easysetup_options *options, easysetup_store *store, char *names, easysetup_error **error) {
    easysetup_seed *seed = NULL;
    easysetup_gift *gift;
    char *name;
    easysetup_code code = easysetup_store_load(store, &seed, error);
    if (code != EASYSETUP_OK) return code;
    gift = easysetup_gift_new(seed);
    for (name = strtok(names, ","); code == EASYSETUP_OK && name != NULL; name = strtok(NULL, ","))
        code = easysetup_gift_add(gift, name, true, 1, error);
    if (code == EASYSETUP_OK) code = easysetup_options_give(options, gift, error);
    easysetup_gift_free(gift);
    easysetup_seed_free(seed);
    return code;
}

int main(int count, char **arguments) {
    easysetup_error *error = NULL;
    easysetup_store *store = NULL;
    easysetup_client *client = NULL;
    easysetup_pairing *pairing = NULL;
    easysetup_options *options;
    int result = 1;

    /* A buffer could hold a line of which poll knows nothing. */
    setvbuf(stdin, NULL, _IONBF, 0);
    if (count != 4 && count != 5) return fprintf(stderr, "usage: pair offer|join|seed RELAY FOLDER [COLLECTIONS]\n"), 64;
    if (easysetup_store_new_file(arguments[3], NULL, 0, &store, &error) != EASYSETUP_OK) return explain(error);
    if (strcmp(arguments[1], "seed") == 0) {
        easysetup_seed *seed = easysetup_seed_random(0);
        if (easysetup_store_save(store, seed, false, &error) != EASYSETUP_OK) return explain(error);
        easysetup_seed_free(seed);
        easysetup_store_free(store);
        return 0;
    }
    if (easysetup_client_new("C device", store, &client, &error) != EASYSETUP_OK) return explain(error);
    options = easysetup_options_new(&result);
    easysetup_options_on_state(options, on_state);
    easysetup_options_on_approval(options, on_question);
    easysetup_options_on_acceptance(options, on_question);
    easysetup_options_on_withdrawn(options, on_withdrawn);
    if (count == 5 && give(options, store, arguments[4], &error) != EASYSETUP_OK) return explain(error);
    if (strcmp(arguments[1], "offer") == 0) {
        if (easysetup_offer(client, arguments[2], options, &pairing, &error) != EASYSETUP_OK) return explain(error);
    } else {
        const char *code = line();
        if (easysetup_join(client, code, strlen(code), arguments[2], options, &pairing, &error) != EASYSETUP_OK)
            return explain(error);
    }
    /* The pairing ends when the last message to the other device has left, which is after the last state. */
    while (easysetup_pairing_wait(pairing, 100, NULL) == EASYSETUP_ERROR_STILL_RUNNING) answer(pairing);
    easysetup_pairing_free(pairing);
    easysetup_options_free(options);
    easysetup_client_free(client);
    easysetup_store_free(store);
    return result;
}
