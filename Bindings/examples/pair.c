/*
 * pair.c - two devices, by the C interface.
 *
 *     cc pair.c $(pkg-config --cflags --libs easysetup) -o pair
 *     ./pair offer wss://relay.example FOLDER          shows a code
 *     ./pair join wss://relay.example FOLDER           asks for the code
 *
 * The device whose folder holds a seed gives it. `./pair seed - FOLDER` makes one.
 */
#include <easysetup.h>

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

/*
 * Asks here and waits for the line, which only a program without other work may do: no state comes until this function
 * returns, so it hears after the next line that the other device has stopped. Others keep the question's number, return, and
 * answer from any thread; easysetup_options_on_withdrawn tells when the question needs no answer any more.
 */
static void on_question(void *context, easysetup_pairing *pairing, const easysetup_question *question) {
    uint64_t id = easysetup_question_id(question);
    const char *answer;
    (void)context;
    if (easysetup_question_needs_word(question)) {
        printf("question: a word from the screen of \"%s\"?\n", easysetup_question_peer_name(question));
        fflush(stdout);
        answer = line();
        easysetup_pairing_answer_word(pairing, id, answer, strlen(answer), NULL);
        return;
    }
    printf("question: is it \"%s\" (%s), with the words %s and %s on its screen?\n",
           easysetup_question_peer_name(question), easysetup_question_peer_platform(question),
           easysetup_question_word(question, 0), easysetup_question_word(question, 1));
    fflush(stdout);
    answer = line();
    easysetup_pairing_answer(pairing, id, strcmp(answer, "yes") == 0 ? EASYSETUP_ANSWER_YES : EASYSETUP_ANSWER_NO, NULL);
}

int main(int count, char **arguments) {
    easysetup_error *error = NULL;
    easysetup_store *store = NULL;
    easysetup_client *client = NULL;
    easysetup_pairing *pairing = NULL;
    easysetup_options *options;
    int result = 1;

    if (count != 4) return fprintf(stderr, "usage: pair offer|join|seed RELAY FOLDER\n"), 64;
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
    if (strcmp(arguments[1], "offer") == 0) {
        if (easysetup_offer(client, arguments[2], options, &pairing, &error) != EASYSETUP_OK) return explain(error);
    } else {
        const char *code = line();
        if (easysetup_join(client, code, strlen(code), arguments[2], options, &pairing, &error) != EASYSETUP_OK)
            return explain(error);
    }
    /* The last message to the other device leaves after the last state. */
    easysetup_pairing_wait(pairing, -1, NULL);
    easysetup_pairing_free(pairing);
    easysetup_options_free(options);
    easysetup_client_free(client);
    easysetup_store_free(store);
    return result;
}
