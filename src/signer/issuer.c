/* Reading the issuing key and its certificates. */
#include "signer/issuer.h"

#include <sodium.h>
#include <sys/stat.h>

#include "base/file.h"

#define CERTIFICATE_FILE_MAX 8192

static enum status issuer_read_key(struct issuer *issuer, const char *path, struct error *error)
{
    struct error cause;
    struct stat found;
    struct text text;
    enum status status = file_read(path, SECRET_KEY_FILE_MAX, &text, error);

    if (status != LICET_OK)
        return status;
    if (stat(path, &found) != 0 || (found.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        file_free(text);
        return error_set(error, LICET_FORBIDDEN,
                         "%s can be read by others than its owner: chmod 400 it, and ask yourself "
                         "who has read it",
                         path);
    }
    status = secret_key_parse(text, &issuer->key, &cause);
    file_free(text);
    if (status != LICET_OK)
        return error_set(error, status, "%s: %s", path, cause.text);
    sodium_mlock(&issuer->key, sizeof(issuer->key)); /* where the system lets us */
    return LICET_OK;
}

static enum status issuer_check(const struct issuer *issuer, const struct certificate *certificate,
                                struct error *error)
{
    struct public_key key = secret_key_public(&issuer->key);

    if (!public_key_equal(&certificate->key, &key))
        return error_set(error, LICET_MISMATCH, "the certificate is for another key");
    if (!certificate_check(certificate))
        return error_set(error, LICET_BAD_SIGNATURE,
                         "the certificate was not signed by the root that it names");
    return LICET_OK;
}

static enum status issuer_add(struct issuer *issuer, struct arena *arena, const char *path,
                              struct error *error)
{
    struct certificate *certificate = &issuer->certificates[issuer->count];
    struct error cause;
    struct text text;
    enum status status = file_read(path, CERTIFICATE_FILE_MAX, &text, error);

    if (status != LICET_OK)
        return status;
    status = certificate_parse_line(text, arena, certificate, &cause);
    if (status == LICET_OK)
        status = issuer_check(issuer, certificate, &cause);
    file_free(text);
    if (status != LICET_OK)
        return error_set(error, status, "%s: %s", path, cause.text);
    issuer->hashes[issuer->count++] = hash_of(certificate->blob);
    return LICET_OK;
}

enum status issuer_open(struct issuer *issuer, const struct signer_options *options,
                        struct error *error)
{
    struct arena arena = arena_over(issuer->blobs, sizeof(issuer->blobs));
    enum status status = issuer_read_key(issuer, options->key, error);
    struct public_key key;

    if (status != LICET_OK)
        return status;
    key = secret_key_public(&issuer->key);
    issuer->key_hash = public_key_hash(&key);
    issuer->count = 0;
    for (uint32_t index = 0; status == LICET_OK && index < options->certificates_count; index++)
        status = issuer_add(issuer, &arena, options->certificates[index], error);
    if (status != LICET_OK)
        issuer_finish(issuer);
    return status;
}

void issuer_finish(struct issuer *issuer)
{
    secret_key_finish(&issuer->key);
    sodium_munlock(&issuer->key, sizeof(issuer->key));
}

const struct certificate *issuer_find(const struct issuer *issuer, const struct hash *hash)
{
    for (uint32_t index = 0; index < issuer->count; index++) {
        if (hash_equal(&issuer->hashes[index], hash))
            return &issuer->certificates[index];
    }
    return NULL;
}

const struct certificate *issuer_current(const struct issuer *issuer, struct unix_time now)
{
    const struct certificate *current = NULL;

    for (uint32_t index = 0; index < issuer->count; index++) {
        const struct certificate *certificate = &issuer->certificates[index];

        if (certificate->after.s <= now.s && now.s < certificate->before.s &&
            (current == NULL || certificate->after.s > current->after.s))
            current = certificate;
    }
    return current;
}
