/*
 * easysetup.h - EasySetup for C: adds a device by a short code.
 *
 * One device shows a code, a person types it on the other one, and a moment later both hold the same seed: 32 bytes, from
 * which all keys of a person's devices are derived. Or the other one has a membership in place of the seed: the keys of some
 * collections of records, and no more. docs/other-languages.md has two whole programs.
 *
 * HANDLES. The struct types below are opaque. A handle is a number and no address, and the library looks up each handle that
 * it gets. A handle that is NULL, already freed, of another type or never made is refused with
 * EASYSETUP_ERROR_BAD_ARGUMENT; functions that return no code then return NULL, 0 or false, and functions that free do nothing.
 * Every handle has one owner. A function whose name ends in _new, _copy, _offer, _join, _random, _read, _from_bytes, _load or
 * _load_membership gives the caller a handle, and the caller frees it with the _free function of its type. Handles that a
 * callback receives are valid until that callback returns, and the callback does not free them. Handles may be freed in any order.
 *
 * ERRORS. A function that can fail returns EASYSETUP_OK or a code, and has a last parameter `easysetup_error **error`. The
 * parameter may be NULL. If it is not, the function stores NULL there on success, and on failure an error that the caller frees.
 * On failure every other output is NULL or 0.
 *
 * TEXTS. All texts are UTF-8. A text that the library returns ends with a zero byte. It belongs to the handle of which it was
 * asked, and is valid until that handle is freed, or the callback that received the handle returns. A parameter
 * `const char *` alone is a text that ends with a zero byte; with a `size_t` beside it, it is so many bytes and needs no zero
 * byte. Texts that are no UTF-8 are refused with a code.
 *
 * BUFFERS. A function that copies out takes a buffer and its size. If the buffer is too small, nothing is written and the
 * function returns EASYSETUP_ERROR_BUFFER_TOO_SMALL.
 *
 * THREADS. Every function may be called from every thread, also at the same time. A pairing calls its callbacks one after the
 * other, never two at once, on threads of the library, and a store by callbacks does the same with its own. A callback may
 * call every function, except the few that say otherwise. A callback that blocks delays the later callbacks of its pairing, but
 * not the pairing itself, so cancelling from another thread works.
 *
 * FORK. The library's threads do not exist in the child of a fork. A child that calls exec at once is fine. In the child of a
 * process that has used a pairing or a store, pairings and stores fail with EASYSETUP_ERROR_AFTER_FORK. A child that was forked
 * before that can use the library as usual. Freeing works in every child, and has no effect on the parent's pairings.
 *
 * SECRETS. The library keeps seeds, the keys of memberships, passphrases and typed texts in locked memory, outside of core dumps,
 * and wipes them when they are freed. Bytes that a function copies into a caller's buffer are the caller's to wipe.
 *
 * PROCESS. The library never writes to standard output or error, and can't be unloaded: dlclose leaves it in memory. The first
 * pairing of a process makes the process ignore SIGPIPE. A program with a handler for SIGPIPE installs it again after that.
 */
#ifndef EASYSETUP_H
#define EASYSETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header. easysetup_version gives that of the library in memory. */
#define EASYSETUP_VERSION "0.1.0"

/* The version of the library that runs, such as "0.1.0". The text is valid for ever. */
const char *easysetup_version(void);

/* The number of handles that were given to the caller and not freed: for tests that look for leaks. */
size_t easysetup_handle_count(void);

/* A pairing's error, with texts for a person. */
typedef struct easysetup_error easysetup_error;
/* The 32 secret bytes of a person's devices. */
typedef struct easysetup_seed easysetup_seed;
/* What a device has in place of the seed: keys of its own, its certificate, and the keys of some collections. */
typedef struct easysetup_membership easysetup_membership;
/* The collections that a device with the seed gives in place of the seed. */
typedef struct easysetup_gift easysetup_gift;
/* What a device may do: everything, or the collections of a membership. */
typedef struct easysetup_scope easysetup_scope;
/* The place where this device keeps its seed or its membership. */
typedef struct easysetup_store easysetup_store;
/* This device: its name, its store, and how it reaches a relay. */
typedef struct easysetup_client easysetup_client;
/* The callbacks and switches of a pairing that is about to start. */
typedef struct easysetup_options easysetup_options;
/* A pairing that runs or has ended. */
typedef struct easysetup_pairing easysetup_pairing;
/* What a screen shows now. */
typedef struct easysetup_state easysetup_state;
/* A question to this device's user. */
typedef struct easysetup_question easysetup_question;

/* ---- Errors ---------------------------------------------------------------------------------------------------------- */

/* EASYSETUP_OK or one of the codes below. A later version may return codes that this header does not have. */
typedef int32_t easysetup_code;

/* A constant's name is that of the error (easysetup_error_name) in upper case. Protocol/errors.md and Protocol/seed.md say what
   each one means. The numbers never change. */
enum {
    EASYSETUP_OK = 0,

    /* Errors of this interface. */
    EASYSETUP_ERROR_BAD_ARGUMENT = 1,     /* a handle that is none, NULL where it may not be, no UTF-8, no such constant */
    EASYSETUP_ERROR_BUFFER_TOO_SMALL = 2, /* the caller's buffer is smaller than the result */
    EASYSETUP_ERROR_NO_QUESTION = 3,      /* the question was answered or withdrawn before */
    EASYSETUP_ERROR_CLIENT_IN_USE = 4,    /* a client's settings can't change after its first pairing */
    EASYSETUP_ERROR_WRONG_THREAD = 5,     /* a callback called a function that waits for that callback */
    EASYSETUP_ERROR_AFTER_FORK = 6,       /* the process was forked after it had used the library */
    EASYSETUP_ERROR_STILL_RUNNING = 7,    /* the time to wait is over, and the pairing has not ended */
    EASYSETUP_ERROR_APP = 8,              /* an error of the app's own store, whose name begins with "app-" */
    EASYSETUP_ERROR_OTHER = 9,            /* an error that has no number in this version: its name tells */

    /* A pairing failed. */
    EASYSETUP_ERROR_RELAY_UNREACHABLE = 100,
    EASYSETUP_ERROR_RELAY_UNTRUSTED = 101,
    EASYSETUP_ERROR_NOT_A_RELAY = 102,
    EASYSETUP_ERROR_PROXY_FAILED = 103,
    EASYSETUP_ERROR_PROXY_ADDRESS = 104,
    EASYSETUP_ERROR_RELAY_VERSION = 105,
    EASYSETUP_ERROR_RELAY_FULL = 106,
    EASYSETUP_ERROR_TOO_MANY = 107,
    EASYSETUP_ERROR_DRAINING = 108,
    EASYSETUP_ERROR_RELAY_FORGOT = 109,
    EASYSETUP_ERROR_WORK_REFUSED = 110,
    EASYSETUP_ERROR_RELAY_MISBEHAVED = 111,
    EASYSETUP_ERROR_CONNECTION_LOST = 112,
    EASYSETUP_ERROR_ELSEWHERE = 113,
    EASYSETUP_ERROR_NO_SUCH_CODE = 114,
    EASYSETUP_ERROR_EXPIRED = 115,
    EASYSETUP_ERROR_CODE_BURNT = 116,
    EASYSETUP_ERROR_CODE_KNOWN = 117,
    EASYSETUP_ERROR_WRONG_CODE = 118,
    EASYSETUP_ERROR_TRIES_SPENT = 119,
    EASYSETUP_ERROR_CODES_SPENT = 120,
    EASYSETUP_ERROR_LINE_FULL = 121,
    EASYSETUP_ERROR_SEATED = 122,
    EASYSETUP_ERROR_DECLINED = 123,
    EASYSETUP_ERROR_DECLINED_HERE = 124,
    EASYSETUP_ERROR_NOT_CONFIRMED = 125,
    EASYSETUP_ERROR_NOBODY_TO_ASK = 126,
    EASYSETUP_ERROR_NOBODY_ASKED = 127,
    EASYSETUP_ERROR_CANCELLED = 128,
    EASYSETUP_ERROR_CANCELLED_HERE = 129,
    EASYSETUP_ERROR_WRONG_WORD = 130,
    EASYSETUP_ERROR_TIMED_OUT = 131,
    EASYSETUP_ERROR_BOTH_HOLD = 132,
    EASYSETUP_ERROR_BOTH_RECEIVE = 133,
    EASYSETUP_ERROR_LINK_DIRECTION = 134,
    EASYSETUP_ERROR_PEER_NOT_STORED = 135,
    EASYSETUP_ERROR_OTHER_SEED = 136,
    EASYSETUP_ERROR_SENT_NOT_CONFIRMED = 137,
    EASYSETUP_ERROR_WRONG_SUITE = 138,
    EASYSETUP_ERROR_MALFORMED = 139,
    EASYSETUP_ERROR_FAULT = 140,
    EASYSETUP_ERROR_ALREADY_PAIRED = 141,
    EASYSETUP_ERROR_NO_SEED_TO_GIVE = 142,

    /* A store failed. */
    EASYSETUP_ERROR_OTHER_SEED_STORED = 200,
    EASYSETUP_ERROR_STORE_OPEN_TO_OTHERS = 201,
    EASYSETUP_ERROR_STORE_NOT_OURS = 202,
    EASYSETUP_ERROR_STORE_UNFIT = 203,
    EASYSETUP_ERROR_STORE_MISSING = 204,
    EASYSETUP_ERROR_STORE_FORBIDDEN = 205,
    EASYSETUP_ERROR_STORE_READ_ONLY = 206,
    EASYSETUP_ERROR_STORE_FULL = 207,
    EASYSETUP_ERROR_STORE_BUSY = 208,
    EASYSETUP_ERROR_STORE_UNSUITABLE = 209,
    EASYSETUP_ERROR_STORE_FAILED = 210,
    EASYSETUP_ERROR_MEMBERSHIP_ENDED = 211,
    EASYSETUP_ERROR_MEMBERSHIP_NOT_KEPT = 212,

    /* A text or a file is no seed, or a key or a signature can't be had. */
    EASYSETUP_ERROR_SEED_WRONG_LENGTH = 300,
    EASYSETUP_ERROR_SEED_TOO_LONG = 301,
    EASYSETUP_ERROR_TEXT_UTF_16 = 302,
    EASYSETUP_ERROR_TEXT_NOT_UTF_8 = 303,
    EASYSETUP_ERROR_SEED_UNREADABLE = 304,
    EASYSETUP_ERROR_SEVERAL_SEEDS = 305,
    EASYSETUP_ERROR_PHRASE_WORD_COUNT = 306,
    EASYSETUP_ERROR_PHRASE_UNKNOWN_WORD = 307,
    EASYSETUP_ERROR_PHRASE_NOT_ENGLISH = 308,
    EASYSETUP_ERROR_PHRASE_CHECKSUM = 309,
    EASYSETUP_ERROR_SEED_LINK_VERSION = 310,
    EASYSETUP_ERROR_SEED_LINK_DAMAGED = 311,
    EASYSETUP_ERROR_SEED_FILE_FOREIGN = 312,
    EASYSETUP_ERROR_SEED_FILE_VERSION = 313,
    EASYSETUP_ERROR_SEED_FILE_DAMAGED = 314,
    EASYSETUP_ERROR_SEED_FILE_TOO_COSTLY = 315,
    EASYSETUP_ERROR_PASSPHRASE_NEEDED = 316,
    EASYSETUP_ERROR_WRONG_PASSPHRASE = 317,
    EASYSETUP_ERROR_PASSPHRASE_UNFIT = 318,
    EASYSETUP_ERROR_MEMORY_SHORT = 319,
    EASYSETUP_ERROR_DERIVED_KEY_REFUSED = 320,
    EASYSETUP_ERROR_SEED_FILE_MEMBERSHIP = 321,
    EASYSETUP_ERROR_SIGNATURE_REFUSED = 322,

    /* A text is no code and no link. TEXT_UTF_16 and TEXT_NOT_UTF_8 are above. */
    EASYSETUP_ERROR_CODE_WRONG_LENGTH = 400,
    EASYSETUP_ERROR_CODE_NOT_A_SYMBOL = 401,
    EASYSETUP_ERROR_CODE_FOREIGN_LETTER = 402,
    EASYSETUP_ERROR_CODE_HAS_LABEL = 403,
    EASYSETUP_ERROR_CODE_HAS_MORE = 404,
    EASYSETUP_ERROR_CODE_TOO_LONG = 405,
    EASYSETUP_ERROR_CODE_HAS_U = 406,
    EASYSETUP_ERROR_CODE_MISTYPED = 407,
    EASYSETUP_ERROR_NOT_A_SLOT = 408,
    EASYSETUP_ERROR_NOT_A_LINK = 409,
    EASYSETUP_ERROR_SEVERAL_LINKS = 410,
    EASYSETUP_ERROR_PLAIN_LINK = 411,

    /* A text is no address of a relay. */
    EASYSETUP_ERROR_RELAY_ADDRESS = 500,
    EASYSETUP_ERROR_RELAY_PLAIN = 501,

    /* A gift can't be made, or bytes are no membership. */
    EASYSETUP_ERROR_COLLECTION_NAME = 600,
    EASYSETUP_ERROR_MEMBERSHIP_TOO_LARGE = 601,
    EASYSETUP_ERROR_MEMBERSHIP_UNREADABLE = 602,
    EASYSETUP_ERROR_CERTIFICATE_UNREADABLE = 603,
    EASYSETUP_ERROR_CERTIFICATE_NOT_SIGNED = 604
};

/* The code that the function returned. */
easysetup_code easysetup_error_code(const easysetup_error *error);
/* The error's stable name, such as "relay-unreachable". */
const char *easysetup_error_name(const easysetup_error *error);
/* The stable name of the cause, such as "no-answer"; NULL for an error that has only one. */
const char *easysetup_error_cause(const easysetup_error *error);
/* An English sentence that says what happened. */
const char *easysetup_error_description(const easysetup_error *error);
/* An English sentence that says what to do; "" where there is nothing to do. */
const char *easysetup_error_advice(const easysetup_error *error);
/* The key under which docs/texts.md has the templates of both sentences, for other languages. */
const char *easysetup_error_key(const easysetup_error *error);
/* The value of a parameter of the templates, such as "count"; NULL if the error has no parameter of that name. */
const char *easysetup_error_parameter(const easysetup_error *error, const char *name);
/* The name of the parameter with this index, from 0, in the order of the alphabet; NULL behind the last one. */
const char *easysetup_error_parameter_name(const easysetup_error *error, int32_t index);
/* Whether the same call may succeed later without any change. */
bool easysetup_error_retry_helps(const easysetup_error *error);
/* The milliseconds to wait before a retry; 0 if nobody knows. */
int64_t easysetup_error_retry_after(const easysetup_error *error);
/* Makes an error of an app's own store, for a store's callback to return together with EASYSETUP_ERROR_APP. The name begins with
   "app-". None of the texts may contain a secret. Returns NULL if a text is NULL or no UTF-8, or the name begins otherwise. */
easysetup_error *easysetup_error_new(const char *name, const char *description, const char *advice, bool retry_helps);
/* Frees an error that a function gave to the caller. */
void easysetup_error_free(easysetup_error *error);

/* ---- Seeds ----------------------------------------------------------------------------------------------------------- */

/* Sizes in bytes. EASYSETUP_FORM_BYTES holds every written form of a seed and its zero byte, EASYSETUP_FINGERPRINT_BYTES a
   fingerprint of 64 hex digits and its zero byte. */
#define EASYSETUP_SEED_BYTES 32
#define EASYSETUP_USER_ID_BYTES 32
#define EASYSETUP_SIGNATURE_BYTES 64
#define EASYSETUP_FINGERPRINT_BYTES 65
#define EASYSETUP_FORM_BYTES 256
#define EASYSETUP_DERIVED_KEY_BYTES_MAX 16320

/* Makes a new seed from the system's randomness. `created_at` is the time in seconds since 1970, or 0. Never fails. */
easysetup_seed *easysetup_seed_random(uint64_t created_at);
/* Makes a seed of 32 bytes, which the caller may wipe afterwards. Another `length` gives EASYSETUP_ERROR_SEED_WRONG_LENGTH. */
easysetup_code easysetup_seed_from_bytes(const void *bytes, size_t length, uint64_t created_at, easysetup_seed **seed,
                                         easysetup_error **error);
/* Reads a seed in any written form: recovery phrase, seed link, hex or base64, in any layout. `created_at` is usually 0, because
   the forms do not contain it. */
easysetup_code easysetup_seed_read(const char *text, size_t length, uint64_t created_at, easysetup_seed **seed,
                                   easysetup_error **error);
/* A second handle of the same seed. Both handles have to be freed. NULL if `seed` is none. */
easysetup_seed *easysetup_seed_copy(const easysetup_seed *seed);
/* Frees a handle. The seed's memory is wiped with its last handle. */
void easysetup_seed_free(easysetup_seed *seed);

/* Copies the 32 secret bytes into `buffer`, whose `size` is at least EASYSETUP_SEED_BYTES. The caller wipes the copy. */
easysetup_code easysetup_seed_copy_bytes(const easysetup_seed *seed, void *buffer, size_t size, easysetup_error **error);

/* The written forms of a seed. */
enum {
    EASYSETUP_FORM_PHRASE = 1, /* 24 words */
    EASYSETUP_FORM_LINK = 2,   /* a link, for a QR code */
    EASYSETUP_FORM_HEX = 3,    /* 64 digits */
    EASYSETUP_FORM_BASE64 = 4  /* 44 characters */
};
/* Writes the seed in a form, with a zero byte behind. EASYSETUP_FORM_BYTES is enough for every form. `length` may be NULL; it
   receives the bytes without the zero byte, also where the buffer is too small. The text is as secret as the seed. */
easysetup_code easysetup_seed_write(const easysetup_seed *seed, int32_t form, char *buffer, size_t size, size_t *length,
                                    easysetup_error **error);

/* The time when the seed was made, in seconds since 1970; 0 when it is not known. */
uint64_t easysetup_seed_created_at(const easysetup_seed *seed);
/* Whether both handles have the same 32 bytes; takes the same time in any case. */
bool easysetup_seed_is_same(const easysetup_seed *seed, const easysetup_seed *other);
/* Copies the public identity of the person's devices, 32 bytes. */
easysetup_code easysetup_seed_user_id(const easysetup_seed *seed, uint8_t *buffer, size_t size, easysetup_error **error);
/* Writes the user ID as 64 hex digits and a zero byte, for people to compare. */
easysetup_code easysetup_seed_fingerprint(const easysetup_seed *seed, char *buffer, size_t size, easysetup_error **error);
/* Derives a key for the app's own purpose. `info` begins with "easysetup/" and goes on, but not with "chain/", which has the
   keys of the chain's collections; `count` is 1 to EASYSETUP_DERIVED_KEY_BYTES_MAX, and `buffer` has room for so many bytes.
   The caller wipes the key. */
easysetup_code easysetup_seed_derive_key(const easysetup_seed *seed, const char *info, void *buffer, size_t count,
                                         easysetup_error **error);
/* Copies the key of 32 bytes with which this person's devices encrypt records, by NaCl's secretbox. The caller wipes it. */
easysetup_code easysetup_seed_secretbox_key(const easysetup_seed *seed, void *buffer, size_t size, easysetup_error **error);
/* Writes the SHA-256 of the secretbox key as 64 hex digits and a zero byte. It reveals nothing of the key. */
easysetup_code easysetup_seed_secretbox_key_fingerprint(const easysetup_seed *seed, char *buffer, size_t size,
                                                        easysetup_error **error);
/* Signs a message with Ed25519 into EASYSETUP_SIGNATURE_BYTES. `message` may be NULL if `length` is 0. Put a text of your own before
   what others have chosen, such as a server's challenge: the same key signs the certificates of the chain. A message that begins with one byte and then "easysetup/", as those
   do, gives EASYSETUP_ERROR_SIGNATURE_REFUSED. */
easysetup_code easysetup_seed_sign(const easysetup_seed *seed, const void *message, size_t length, uint8_t *signature,
                                   size_t size, easysetup_error **error);
/* Whether a signature of 64 bytes for a message was made with the seed of this user ID of 32 bytes. False for NULL. */
bool easysetup_verify(const uint8_t *user_id, const uint8_t *signature, const void *message, size_t length);

/* ---- Memberships ----------------------------------------------------------------------------------------------------- */

/* Whether the device has the seed, and so may do everything. */
bool easysetup_scope_is_everything(const easysetup_scope *scope);
/* The scope for a person to read, such as "notes, bookmarks (read only), until 2027-01-31", or "everything". */
const char *easysetup_scope_text(const easysetup_scope *scope);
/* The name of the collection with this index, from 0, in the order of the alphabet; NULL behind the last one, and for a device with
   the seed. A membership has one collection at least. */
const char *easysetup_scope_collection(const easysetup_scope *scope, int32_t index);
/* Whether the device may write in the collection with this index, and not only read. Always true with the seed. */
bool easysetup_scope_may_write(const easysetup_scope *scope, int32_t index);
/* The last second in which the device may use its membership, since 1970; 0 if that does not end. */
uint64_t easysetup_scope_until(const easysetup_scope *scope);

/* The greatest number of bytes in a membership. One that came by a pairing has at most 1,300. */
#define EASYSETUP_MEMBERSHIP_BYTES_MAX 1048576

/* Reads the bytes that easysetup_membership_copy_bytes wrote. The caller may wipe them afterwards. */
easysetup_code easysetup_membership_from_bytes(const void *bytes, size_t length, easysetup_membership **membership,
                                               easysetup_error **error);
/* A second handle of the same membership. Both handles have to be freed. NULL if `membership` is none. */
easysetup_membership *easysetup_membership_copy(const easysetup_membership *membership);
/* Frees a handle. The membership's keys are wiped with its last handle. */
void easysetup_membership_free(easysetup_membership *membership);
/* The number of bytes that easysetup_membership_copy_bytes writes; 0 if `membership` is none. */
size_t easysetup_membership_size(const easysetup_membership *membership);
/* Copies the membership as bytes, for a store of the app's own. They are as secret as the keys in them, and the caller wipes them. */
easysetup_code easysetup_membership_copy_bytes(const easysetup_membership *membership, void *buffer, size_t size,
                                               easysetup_error **error);
/* The rights of the device. The handle belongs to the membership and is not freed. NULL if `membership` is none. */
const easysetup_scope *easysetup_membership_scope(const easysetup_membership *membership);
/* The user ID of the chain, which is that of its seed, as 64 hex digits. */
const char *easysetup_membership_fingerprint(const easysetup_membership *membership);
/* The id of the device in its chain, 11 characters. It is no secret. */
const char *easysetup_membership_device(const easysetup_membership *membership);

/* Makes a gift of the chain of a seed, without collections. NULL if `seed` is none. */
easysetup_gift *easysetup_gift_new(const easysetup_seed *seed);
/* Adds a collection, which the other device may read, and write in if `may_write` is true. `collection` is a name of 1 to 64
   characters: a to z, 0 to 9, dot, hyphen and underscore. None is added twice. `generation` is the newest one of the collection's
   key: 1, unless a device was removed that could read the collection. Five collections fit in any case, and more if their names are
   short; else EASYSETUP_ERROR_MEMBERSHIP_TOO_LARGE. */
easysetup_code easysetup_gift_add(easysetup_gift *gift, const char *collection, bool may_write, uint32_t generation,
                                  easysetup_error **error);
/* Sets the last second in which the other device may use what it gets, since 1970; 0, the default, if that does not end. */
easysetup_code easysetup_gift_set_until(easysetup_gift *gift, uint64_t until, easysetup_error **error);
/* Frees the gift. Options that give it have a copy. */
void easysetup_gift_free(easysetup_gift *gift);

/* ---- Stores ---------------------------------------------------------------------------------------------------------- */

/* A store in a folder that only its owner can enter; saving makes the folder. `path` ends with a zero byte and need not be UTF-8.
   With a passphrase of 1 to 1,024 bytes (else NULL and 0) every seed that is saved is sealed under it. The library copies both. */
easysetup_code easysetup_store_new_file(const char *path, const char *passphrase, size_t passphrase_length,
                                        easysetup_store **store, easysetup_error **error);
/* A store in memory, with a seed or (NULL) without one: for tests. Never NULL, unless `seed` is a handle that is none. A store has
   a seed, a membership, or nothing. */
easysetup_store *easysetup_store_new_memory(const easysetup_seed *seed);

/* The callbacks of an app's own store. The library calls those of one store one after the other, on threads of its own, and they
   may take as long as they need. Each returns EASYSETUP_OK, or a code of "A store failed", or one of PASSPHRASE_NEEDED,
   WRONG_PASSPHRASE, SEED_FILE_DAMAGED and MEMORY_SHORT, or EASYSETUP_ERROR_APP together with an error from easysetup_error_new in
   `*error`, which the library then frees. `error` is never NULL here. Another code counts as EASYSETUP_ERROR_STORE_FAILED. */

/* Stores the seed's handle in `*seed`, which the library then frees; leaves NULL there if no seed is stored. */
typedef easysetup_code (*easysetup_load_callback)(void *context, easysetup_seed **seed, easysetup_error **error);
/* Saves durably: when the callback returns, the seed survives a crash. Where another seed is stored and `replacing` is false, it
   returns EASYSETUP_ERROR_OTHER_SEED_STORED and saves nothing. */
typedef easysetup_code (*easysetup_save_callback)(void *context, const easysetup_seed *seed, bool replacing,
                                                  easysetup_error **error);
/* Says beforehand whether a seed could be saved, so that no other device sends one for nothing. */
typedef easysetup_code (*easysetup_check_callback)(void *context, easysetup_error **error);
/* Frees `context`. The library calls it once, on any thread, after the handle is freed and no pairing uses the store any more.
   Until then the other callbacks may come. */
typedef void (*easysetup_release_callback)(void *context);

/* A store by callbacks. `check` and `release` may be NULL. On failure `release` is not called. */
easysetup_code easysetup_store_new(easysetup_load_callback load, easysetup_save_callback save, easysetup_check_callback check,
                                   easysetup_release_callback release, void *context, easysetup_store **store,
                                   easysetup_error **error);

/* Stores the membership's handle in `*membership`, which the library then frees; leaves NULL there if no membership is stored. */
typedef easysetup_code (*easysetup_load_membership_callback)(void *context, easysetup_membership **membership,
                                                             easysetup_error **error);
/* Saves a membership durably. A stored seed of the same chain (easysetup_membership_fingerprint) stays, because it can do more; a
   membership of the same chain is replaced. Where something of another chain is stored and `replacing` is false, it returns
   EASYSETUP_ERROR_OTHER_SEED_STORED and saves nothing. */
typedef easysetup_code (*easysetup_save_membership_callback)(void *context, const easysetup_membership *membership,
                                                             bool replacing, easysetup_error **error);
/* Lets a store by callbacks keep memberships, too, before a client is made with it. The callbacks get the store's context. Saving a
   seed then replaces a membership of the same chain. A store without these callbacks keeps seeds alone: on a device that is given a
   membership the pairing fails with EASYSETUP_ERROR_MEMBERSHIP_NOT_KEPT. */
easysetup_code easysetup_store_on_membership(easysetup_store *store, easysetup_load_membership_callback load,
                                             easysetup_save_membership_callback save, easysetup_error **error);

/* Loads the stored seed; `*seed` is NULL with EASYSETUP_OK if there is none. This function and the next four wait for the disk, or
   for the store's callbacks. A callback of the same store can't call them: EASYSETUP_ERROR_WRONG_THREAD. */
easysetup_code easysetup_store_load(easysetup_store *store, easysetup_seed **seed, easysetup_error **error);
/* Saves a seed durably. `replacing` allows that another seed is replaced, which needs the user's explicit consent; the file store
   keeps a copy of that one. */
easysetup_code easysetup_store_save(easysetup_store *store, const easysetup_seed *seed, bool replacing,
                                    easysetup_error **error);
/* Loads the stored membership; `*membership` is NULL with EASYSETUP_OK if there is none, such as where a seed is stored. */
easysetup_code easysetup_store_load_membership(easysetup_store *store, easysetup_membership **membership,
                                               easysetup_error **error);
/* Saves a membership durably. A seed of the same chain stays, and a membership of the same chain is replaced without a copy.
   `replacing` allows that something of another chain is replaced. */
easysetup_code easysetup_store_save_membership(easysetup_store *store, const easysetup_membership *membership,
                                               bool replacing, easysetup_error **error);
/* Checks whether a seed could be saved, without saving one. */
easysetup_code easysetup_store_check(easysetup_store *store, easysetup_error **error);
/* Frees the handle. Clients and pairings that use the store keep it alive. */
void easysetup_store_free(easysetup_store *store);

/* ---- Clients --------------------------------------------------------------------------------------------------------- */

/* Makes a client. `name` is the person's name for this device, which the other device shows. */
easysetup_code easysetup_client_new(const char *name, easysetup_store *store, easysetup_client **client,
                                    easysetup_error **error);
/* The settings. Each may be called until the client's first pairing, and fails with EASYSETUP_ERROR_CLIENT_IN_USE afterwards. */

/* The kind of system, as in Protocol/registry.md: "linux", "macos", "windows", "android", "ios", "web", "tv", "other". The
   default is that for which the library was built. */
easysetup_code easysetup_client_set_platform(easysetup_client *client, const char *platform, easysetup_error **error);
/* Trusts the certificate authorities of a PEM file and no others. The default is the system's. The file is read when a relay is
   connected to, so a fault in it is a pairing's error. */
easysetup_code easysetup_client_set_authorities(easysetup_client *client, const char *path, easysetup_error **error);
/* The HTTP proxy, "http://host:port" or "https://host:port"; NULL for none. The default is what the environment says. */
easysetup_code easysetup_client_set_proxy(easysetup_client *client, const char *url, easysetup_error **error);
/* Sets a limit by its name in Protocol/limits.md, "Devices", such as "reachTimeout". Times are in milliseconds. */
easysetup_code easysetup_client_set_limit(easysetup_client *client, const char *name, int64_t value,
                                          easysetup_error **error);
/* Frees the handle. Its pairings go on. */
void easysetup_client_free(easysetup_client *client);

/* ---- Pairings -------------------------------------------------------------------------------------------------------- */

/* Receives each state of a pairing. The last is EASYSETUP_STATE_PAIRED or EASYSETUP_STATE_FAILED. */
typedef void (*easysetup_state_callback)(void *context, easysetup_pairing *pairing, const easysetup_state *state);
/* Receives a question to the user, before or after the state that tells of it. The callback shows it and returns. The answer comes
   later, from any thread, by easysetup_pairing_answer, or at once, inside the callback. */
typedef void (*easysetup_question_callback)(void *context, easysetup_pairing *pairing, const easysetup_question *question);
/* Says that a question needs no answer any more, because its time is over or the other device is gone. */
typedef void (*easysetup_withdrawn_callback)(void *context, easysetup_pairing *pairing, uint64_t question_id);
/* The pairing has ended, and this is its last callback. A pairing that was freed before does not call it. */
typedef void (*easysetup_end_callback)(void *context, easysetup_pairing *pairing);

/* Makes options without callbacks. `context` is what all callbacks of the pairing get; the library never looks at it. */
easysetup_options *easysetup_options_new(void *context);
/* Sets the callback for states. */
void easysetup_options_on_state(easysetup_options *options, easysetup_state_callback callback);
/* Sets the callback that asks the user whether this device gives its seed. Without it, this device only ever receives, and a
   pairing for which the store holds a seed fails with EASYSETUP_ERROR_NOBODY_TO_ASK before anything is sent. */
void easysetup_options_on_approval(easysetup_options *options, easysetup_question_callback callback);
/* Sets the callback that asks the user of a device that shows the code whether to keep the other device's seed. Without it, the
   seed of anybody who read the code from the screen is stored. easysetup_join never asks this, because there the user has typed
   the code. */
void easysetup_options_on_acceptance(easysetup_options *options, easysetup_question_callback callback);
/* Sets the callback for withdrawn questions. */
void easysetup_options_on_withdrawn(easysetup_options *options, easysetup_withdrawn_callback callback);
/* Sets the callback for the end. */
void easysetup_options_on_end(easysetup_options *options, easysetup_end_callback callback);
/* Allows relays without TLS (ws) on other machines. On this machine they are always allowed. */
void easysetup_options_allow_plain(easysetup_options *options, bool allow);
/* Gives some collections and not the seed: the other device gets a membership, made anew for each pairing, and can give nothing on.
   `gift` has one collection at least, and is copied; NULL gives the seed again. With a gift, easysetup_offer and easysetup_join
   need a callback for the approval, else they fail with EASYSETUP_ERROR_BAD_ARGUMENT, as easysetup_join does with a link. The
   pairing fails before anything is sent with EASYSETUP_ERROR_NO_SEED_TO_GIVE if the store has no seed, and with
   EASYSETUP_ERROR_OTHER_SEED_STORED if it has another one than that of the gift. */
easysetup_code easysetup_options_give(easysetup_options *options, const easysetup_gift *gift, easysetup_error **error);
/* Frees the options. Pairings that were started with them have a copy. */
void easysetup_options_free(easysetup_options *options);

/* Checks a relay's address, "wss://relay.example", without connecting. */
easysetup_code easysetup_relay_check(const char *relay, bool allow_plain, easysetup_error **error);
/* Checks a typed code, without connecting: each code has a check symbol. */
easysetup_code easysetup_code_check(const char *text, size_t length, easysetup_error **error);

/* Shows a code: starts a pairing and returns at once. The callbacks may come before this function returns. `options` may be NULL;
   the result is then known by the store alone. */
easysetup_code easysetup_offer(easysetup_client *client, const char *relay, const easysetup_options *options,
                               easysetup_pairing **pairing, easysetup_error **error);
/* Pairs with the device that shows a code: `text` is what the user typed or pasted, a code or a link. With a link `relay` may be
   NULL, because the link has the relay's address, and this device can only receive. Ask the user before you use a link that came
   from outside the app. */
easysetup_code easysetup_join(easysetup_client *client, const char *text, size_t length, const char *relay,
                              const easysetup_options *options, easysetup_pairing **pairing, easysetup_error **error);

/* Answers to a question. */
enum {
    EASYSETUP_ANSWER_YES = 1,     /* it is the right device; keep the seed */
    EASYSETUP_ANSWER_NO = 2,      /* it is not */
    EASYSETUP_ANSWER_UNCLEAR = 3, /* the user was asked, and gave no clear answer: counts as no */
    EASYSETUP_ANSWER_NOBODY = 4   /* there is no screen to ask on: counts as no */
};
/* Answers the question with this number. Pressing Enter alone must never mean yes. EASYSETUP_ANSWER_YES is not enough for a
   question that needs a word. */
easysetup_code easysetup_pairing_answer(easysetup_pairing *pairing, uint64_t question_id, int32_t answer,
                                        easysetup_error **error);
/* Answers a question about giving the seed with what the user typed: a word from the other device's screen. After a slip of the
   hand the question comes again with a new number. */
easysetup_code easysetup_pairing_answer_word(easysetup_pairing *pairing, uint64_t question_id, const char *text, size_t length,
                                             easysetup_error **error);
/* The id that the other device has in the chain with the membership of easysetup_options_give, by which it can be removed later,
   whether it has confirmed the membership or not: keep it with the device's name. NULL where no membership is given. The text
   belongs to the pairing. */
const char *easysetup_pairing_device(const easysetup_pairing *pairing);
/* Stops the pairing on both devices. The last state still comes. No effect on a pairing that has ended. */
void easysetup_pairing_cancel(easysetup_pairing *pairing);
/* Waits until the pairing has ended, which is after its last callback, at most so many milliseconds (negative: for ever). A
   program waits before it exits, because the last message to the other device leaves after the last state. */
easysetup_code easysetup_pairing_wait(easysetup_pairing *pairing, int64_t milliseconds, easysetup_error **error);
/* Frees the handle, and cancels the pairing if it still runs. When this function returns, no callback of this pairing runs, and
   none comes any more, so the context can be freed. It waits for a callback that runs, so don't hold a lock that a callback takes.
   Inside a callback of the same pairing it does not wait: that callback is the last one. */
void easysetup_pairing_free(easysetup_pairing *pairing);

/* ---- States ---------------------------------------------------------------------------------------------------------- */

/* What each state means is in Protocol/device.md and in the sentences. A later version may have states that this header lacks. */
enum {
    EASYSETUP_STATE_CONNECTING = 1,
    EASYSETUP_STATE_RETRYING = 2,     /* easysetup_state_error has the reason */
    EASYSETUP_STATE_OFFERED = 3,      /* show easysetup_state_offer_code, and easysetup_state_offer_link as a QR code */
    EASYSETUP_STATE_WRONG_PROOF = 4,  /* somebody typed a wrong code; easysetup_state_number counts */
    EASYSETUP_STATE_CODE_KNOWN = 5,   /* a stranger knew the code; a fresh one follows */
    EASYSETUP_STATE_IN_LINE = 6,      /* easysetup_state_number is the place in line */
    EASYSETUP_STATE_GREETING = 7,
    EASYSETUP_STATE_DECIDING = 8,     /* this device's user is asked whether to give the seed */
    EASYSETUP_STATE_WAITING = 9,      /* the other device's user is asked: show both words */
    EASYSETUP_STATE_ACCEPTING = 10,   /* this device's user is asked whether to keep the seed */
    EASYSETUP_STATE_GIVEN = 11,
    EASYSETUP_STATE_PEER_AWAY = 12,
    EASYSETUP_STATE_RECONNECTING = 13,
    EASYSETUP_STATE_PAIRED = 14,      /* the last state */
    EASYSETUP_STATE_FAILED = 15,      /* the last state; easysetup_state_error has the reason */
    EASYSETUP_STATE_RELAY_MESSAGE = 16 /* the parameter "message" has a sentence of the relay's operator; replaces no state */
};

/* One of the constants above; 0 for a state that this version has no number for. */
int32_t easysetup_state_kind(const easysetup_state *state);
/* The state's stable name, such as "in-line". */
const char *easysetup_state_name(const easysetup_state *state);
/* An English sentence for the screen. It has no code, no link and no secret. */
const char *easysetup_state_sentence(const easysetup_state *state);
/* An English sentence that says what to do; "" where there is nothing to do. */
const char *easysetup_state_advice(const easysetup_state *state);
/* The key under which docs/texts.md has the templates of both sentences. */
const char *easysetup_state_key(const easysetup_state *state);
/* The value of a parameter of the templates; NULL if the state has none of that name. */
const char *easysetup_state_parameter(const easysetup_state *state, const char *name);
/* The name of the parameter with this index, from 0, in the order of the alphabet; NULL behind the last one. */
const char *easysetup_state_parameter_name(const easysetup_state *state, int32_t index);
/* Whether the user should look at the other device now. */
bool easysetup_state_look_at_other(const easysetup_state *state);
/* OFFERED: the code to show, such as "K7Q-29M-XAQ"; NULL in other states. */
const char *easysetup_state_offer_code(const easysetup_state *state);
/* OFFERED on a device that holds a seed: the link for a QR code; else NULL. */
const char *easysetup_state_offer_link(const easysetup_state *state);
/* OFFERED: the number of the code among those of this offer, from 1. WRONG_PROOF: how many wrong codes were typed. IN_LINE: the
   place, of which 1 is next. 0 in other states. */
int32_t easysetup_state_number(const easysetup_state *state);
/* The milliseconds until the state's deadline, counted at this call; negative if the state has none. Never below 0 for one that
   has. */
int64_t easysetup_state_remaining(const easysetup_state *state);
/* The other device's own name for itself, cleaned; NULL while no device is known. Show it as the other device's claim. */
const char *easysetup_state_peer_name(const easysetup_state *state);
/* The other device's platform, such as "android"; NULL while no device is known. */
const char *easysetup_state_peer_platform(const easysetup_state *state);
/* WAITING, ACCEPTING, GIVEN, PAIRED: the two confirmation words, `index` 0 and 1; else NULL. */
const char *easysetup_state_word(const easysetup_state *state, int32_t index);
/* ACCEPTING, PAIRED: the user ID as 64 hex digits; else NULL. */
const char *easysetup_state_fingerprint(const easysetup_state *state);
/* PAIRED: this device's role, "holder" (it gave the seed) or "receiver"; else NULL. */
const char *easysetup_state_role(const easysetup_state *state);
/* ACCEPTING, PAIRED: what the receiving device gets; else NULL. Its user did not choose it, so show it where it is not everything.
   The handle belongs to the state and is not freed. */
const easysetup_scope *easysetup_state_scope(const easysetup_state *state);
/* RETRYING, FAILED: the reason; else NULL. The error belongs to the state and is not freed. */
const easysetup_error *easysetup_state_error(const easysetup_state *state);
/* A handle of the same state that outlives the callback, for another thread; the caller frees it. NULL if `state` is none. */
easysetup_state *easysetup_state_copy(const easysetup_state *state);
/* Frees a copy. The texts and the code in it are wiped. */
void easysetup_state_free(easysetup_state *state);

/* ---- Questions ------------------------------------------------------------------------------------------------------- */

/* The kinds of questions. */
enum {
    EASYSETUP_QUESTION_APPROVAL = 1,  /* does this device give its seed to that device? */
    EASYSETUP_QUESTION_ACCEPTANCE = 2 /* does this device keep that device's seed? */
};
/* What was wrong with the last typed word. */
enum {
    EASYSETUP_MISTAKE_NONE = 0,
    EASYSETUP_MISTAKE_NOTHING = 1, /* nothing visible was typed; it counts as no try */
    EASYSETUP_MISTAKE_SLIP = 2,    /* no such word exists: a slip of the hand */
    EASYSETUP_MISTAKE_OTHER = 3    /* a word of another pairing's screen */
};

/* The question's number, which its answer names. Numbers are never used twice in a pairing. 0 is none. */
uint64_t easysetup_question_id(const easysetup_question *question);
/* EASYSETUP_QUESTION_APPROVAL or EASYSETUP_QUESTION_ACCEPTANCE. */
int32_t easysetup_question_kind(const easysetup_question *question);
/* The other device's own name for itself, cleaned. */
const char *easysetup_question_peer_name(const easysetup_question *question);
/* The other device's platform, such as "android". */
const char *easysetup_question_peer_platform(const easysetup_question *question);
/* The two words on both screens, `index` 0 and 1. NULL for a question that needs a word, because the user has to read it on the
   other device. */
const char *easysetup_question_word(const easysetup_question *question, int32_t index);
/* Whether the user must type a word from the other device's screen (easysetup_pairing_answer_word). */
bool easysetup_question_needs_word(const easysetup_question *question);
/* The number of the user's try to type the word, from 1; 0 for an acceptance. */
int32_t easysetup_question_attempt(const easysetup_question *question);
/* What was wrong with the last word. */
int32_t easysetup_question_mistake(const easysetup_question *question);
/* ACCEPTANCE: the user ID of the seed, 64 hex digits; else NULL. */
const char *easysetup_question_fingerprint(const easysetup_question *question);
/* What the receiving device gets. The question names it where it is not everything. The handle belongs to the question. */
const easysetup_scope *easysetup_question_scope(const easysetup_question *question);
/* The milliseconds between the showing of the code (or its typing) and the other device's proof. */
int64_t easysetup_question_code_age(const easysetup_question *question);
/* The milliseconds until the question is withdrawn, counted at this call; never negative. */
int64_t easysetup_question_remaining(const easysetup_question *question);

#ifdef __cplusplus
}
#endif

#endif
