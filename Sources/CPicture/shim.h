// The functions of libpng, libjpeg-turbo and ZBar that read and write pictures with QR codes. The libraries are opened when a
// picture is there, and not linked, because Debian's ZBar depends on libraries of X11, D-Bus, Video4Linux and systemd, which no
// relay should load or have to install.
#include <dlfcn.h>
#include <png.h>
#include <turbojpeg.h>
#include <zbar.h>

typedef struct {
    __typeof__(&png_image_begin_read_from_memory) begin_read;
    __typeof__(&png_image_finish_read) finish_read;
    __typeof__(&png_image_write_to_memory) write;
    __typeof__(&png_image_free) free;
} easysetup_png;

typedef struct {
    __typeof__(&tjInitDecompress) make;
    __typeof__(&tjDecompressHeader3) read_head;
    __typeof__(&tjDecompress2) read;
    __typeof__(&tjGetErrorCode) error_code;
    __typeof__(&tjDestroy) free;
} easysetup_jpeg;

typedef struct {
    __typeof__(&zbar_image_scanner_create) make_scanner;
    __typeof__(&zbar_image_scanner_destroy) free_scanner;
    __typeof__(&zbar_image_scanner_set_config) configure;
    __typeof__(&zbar_scan_image) scan;
    __typeof__(&zbar_image_create) make_image;
    __typeof__(&zbar_image_destroy) free_image;
    __typeof__(&zbar_image_set_format) set_format;
    __typeof__(&zbar_image_set_size) set_size;
    __typeof__(&zbar_image_set_data) set_data;
    __typeof__(&zbar_image_first_symbol) first;
    __typeof__(&zbar_symbol_next) next;
    __typeof__(&zbar_symbol_get_type) type;
    __typeof__(&zbar_symbol_get_data) data;
    __typeof__(&zbar_symbol_get_data_length) length;
} easysetup_zbar;

static inline void *easysetup_open_library(const char *linux_name, const char *apple_name) {
#ifdef __APPLE__
    return dlopen(apple_name, RTLD_NOW | RTLD_LOCAL);
#else
    (void)apple_name;
    return dlopen(linux_name, RTLD_NOW | RTLD_LOCAL);
#endif
}

#define EASYSETUP_FIND(member, name) (*(void **)&out->member = dlsym(library, #name)) != 0

// Each returns whether the library is there and has all functions. A library that was opened stays open.
static inline int easysetup_load_png(easysetup_png *out) {
    void *library = easysetup_open_library("libpng16.so.16", "libpng16.16.dylib");
    return library != 0 && EASYSETUP_FIND(begin_read, png_image_begin_read_from_memory) &&
           EASYSETUP_FIND(finish_read, png_image_finish_read) && EASYSETUP_FIND(write, png_image_write_to_memory) &&
           EASYSETUP_FIND(free, png_image_free);
}

static inline int easysetup_load_jpeg(easysetup_jpeg *out) {
    void *library = easysetup_open_library("libturbojpeg.so.0", "libturbojpeg.0.dylib");
    return library != 0 && EASYSETUP_FIND(make, tjInitDecompress) && EASYSETUP_FIND(read_head, tjDecompressHeader3) &&
           EASYSETUP_FIND(read, tjDecompress2) && EASYSETUP_FIND(error_code, tjGetErrorCode) &&
           EASYSETUP_FIND(free, tjDestroy);
}

static inline int easysetup_load_zbar(easysetup_zbar *out) {
    void *library = easysetup_open_library("libzbar.so.0", "libzbar.0.dylib");
    return library != 0 && EASYSETUP_FIND(make_scanner, zbar_image_scanner_create) &&
           EASYSETUP_FIND(free_scanner, zbar_image_scanner_destroy) &&
           EASYSETUP_FIND(configure, zbar_image_scanner_set_config) && EASYSETUP_FIND(scan, zbar_scan_image) &&
           EASYSETUP_FIND(make_image, zbar_image_create) && EASYSETUP_FIND(free_image, zbar_image_destroy) &&
           EASYSETUP_FIND(set_format, zbar_image_set_format) && EASYSETUP_FIND(set_size, zbar_image_set_size) &&
           EASYSETUP_FIND(set_data, zbar_image_set_data) && EASYSETUP_FIND(first, zbar_image_first_symbol) &&
           EASYSETUP_FIND(next, zbar_symbol_next) && EASYSETUP_FIND(type, zbar_symbol_get_type) &&
           EASYSETUP_FIND(data, zbar_symbol_get_data) && EASYSETUP_FIND(length, zbar_symbol_get_data_length);
}

#undef EASYSETUP_FIND
