/* What the tests of this folder share: files of tests/data, keys, one trust, one arena. */
#ifndef LICET_TESTS_LICENSE_FILES_H
#define LICET_TESTS_LICENSE_FILES_H

#include <assert.h>
#include <sodium.h>

#include "base/file.h"
#include "license/license.h"

#define GOLDEN_COUNT 10
static const char *const golden_names[GOLDEN_COUNT] = {
    "plain",       "three-servers", "device",  "revoked", "unknown",
    "long-fields", "all-fields",    "retired", "dates",   "name-only",
};

static const char *data_folder; /* tests/data, the test's first argument */
static char arena_memory[4 * 1024 * 1024];

/* Whatever a test reads stays to its end, here. */
static char kept_memory[16 * 1024 * 1024];

__attribute__((unused)) static struct arena *kept(void)
{
    static struct arena arena;

    if (arena.data == NULL)
        arena = arena_over(kept_memory, sizeof(kept_memory));
    return &arena;
}

__attribute__((unused)) static struct text data_read(const char *name)
{
    char path[4096];
    struct text text, copy;
    struct error error;

    snprintf(path, sizeof(path), "%s/%s", data_folder, name);
    if (file_read(path, LICENSE_FILE_BYTES_MAX, &text, &error) != LICET_OK) {
        printf("Bail out! %s\n", error.text);
        exit(1);
    }
    copy = arena_copy(kept(), text);
    file_free(text);
    assert(copy.data != NULL);
    return copy;
}

__attribute__((unused)) static struct text golden_read(size_t index)
{
    char name[64];

    snprintf(name, sizeof(name), "golden/%s.lic", golden_names[index]);
    return data_read(name);
}

__attribute__((unused)) static void data_secret_key(const char *name, struct secret_key *key)
{
    char path[64];

    snprintf(path, sizeof(path), "keys/%s", name);
    if (secret_key_parse(data_read(path), key, NULL) != LICET_OK)
        abort();
}

__attribute__((unused)) static struct public_key data_public_key(const char *name)
{
    struct public_key key;
    char path[64];

    snprintf(path, sizeof(path), "keys/%s.pub", name);
    if (public_key_parse(data_read(path), &key, NULL, NULL) != LICET_OK)
        abort();
    return key;
}

__attribute__((unused)) static struct certificate data_certificate(const char *name)
{
    struct certificate certificate;
    char path[64];

    snprintf(path, sizeof(path), "keys/%s-cert.pub", name);
    if (certificate_parse_line(data_read(path), kept(), &certificate, NULL) != LICET_OK)
        abort();
    return certificate;
}

__attribute__((unused)) static struct trust data_trust(void)
{
    return (struct trust){.vendor = TEXT("acme"),
                          .roots = {data_public_key("root"), data_public_key("next-root")},
                          .roots_count = 2};
}

__attribute__((unused)) static struct arena fresh_arena(void)
{
    return arena_over(arena_memory, sizeof(arena_memory));
}

/* A payload, formatted as it stands, with one block of `name`'s key and certificate in any purpose.
 */
__attribute__((unused)) static struct text sign_text(struct text payload, const char *key_name,
                                                     const char *certificate_name,
                                                     enum purpose purpose)
{
    static char places[8][64 * 1024];
    static unsigned turn;
    struct buf buf = buf_over(places[turn++ % 8], sizeof(places[0]));
    struct certificate certificate;
    struct secret_key key;

    data_secret_key(key_name, &key);
    if (certificate_name != NULL)
        certificate = data_certificate(certificate_name);
    buf_add_text(&buf, payload);
    if (sshsig_sign(&key, certificate_name == NULL ? NULL : &certificate, purpose, payload, &buf,
                    NULL) != LICET_OK)
        abort();
    return buf_text(&buf);
}

/* Everything before the signature block. */
__attribute__((unused)) static struct text payload_of(struct text file)
{
    struct document document;

    if (document_open(file, LICENSE_FILE_BYTES_MAX, kept(), &document, NULL) != LICET_OK)
        abort();
    return document.payload;
}

#endif
