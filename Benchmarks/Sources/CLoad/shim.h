#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>

// Macros that Swift can't see.
static inline long easysetup_ssl_set_modes(SSL_CTX *context) {
    return SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
}

// The system's accept4, which its headers hide behind a macro that Swift's importer doesn't set.
extern int easysetup_accept4(int listener, void *address, void *length, int flags) __asm__("accept4");
