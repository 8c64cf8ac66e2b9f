/* licet key root|issuing|server: a new key in two files, like ssh-keygen -t ed25519. */
#include <getopt.h>
#include <limits.h>
#include <sodium.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/command.h"
#include "license/key.h"

static enum status key_create_check_free(const char *path, struct error *error)
{
    if (access(path, F_OK) == 0)
        return error_set(error, LICET_CONFLICT,
                         "%s exists, and a key is never overwritten: choose another name", path);
    return LICET_OK;
}

static enum status key_create_write(const char *path, const char *public_path,
                                    const struct secret_key *key, struct text comment,
                                    struct error *error)
{
    struct public_key public_key = secret_key_public(key);
    char bytes[SECRET_KEY_FILE_MAX];
    struct buf buf = buf_over(bytes, sizeof(bytes));
    enum status status;

    secret_key_print(key, randombytes_random(), comment, &buf);
    if (buf.is_full)
        status = error_set(error, LICET_TOO_LARGE, "the comment is too long");
    else
        status = file_create(path, buf_text(&buf), 0400, error);
    sodium_memzero(bytes, sizeof(bytes));
    if (status != LICET_OK)
        return status;
    buf = buf_over(bytes, sizeof(bytes));
    public_key_print(&public_key, comment, &buf);
    return file_create(public_path, buf_text(&buf), 0444, error);
}

static void key_create_tell(const char *path, const char *public_path, const struct secret_key *key)
{
    struct public_key public_key = secret_key_public(key);
    struct hash hash = public_key_hash(&public_key);
    char text[HASH_TEXT_BYTES];
    struct buf buf = buf_over(text, sizeof(text));

    hash_print(&hash, &buf);
    printf("%s (private: keep it safe), %s, %.*s\n", path, public_path, TEXT_ARGS(buf_text(&buf)));
}

enum status key_create_run(int argc, char **argv, struct error *error)
{
    const char *path = NULL, *comment = "";
    char public_path[PATH_MAX];
    uint8_t seed[KEY_SEED_BYTES];
    struct secret_key key;
    enum status status;
    int option, size;

    while ((option = getopt(argc, argv, "f:C:")) != -1) {
        if (option == 'f')
            path = optarg;
        else if (option == 'C')
            comment = optarg;
        else
            return command_usage(argv[0], error);
    }
    if (path == NULL || optind != argc || strpbrk(comment, "\r\n") != NULL)
        return command_usage(argv[0], error);
    size = snprintf(public_path, sizeof(public_path), "%s.pub", path);
    if (size < 0 || (size_t)size >= sizeof(public_path))
        return error_set(error, LICET_INVALID, "the path is too long");
    status = key_create_check_free(path, error);
    if (status == LICET_OK)
        status = key_create_check_free(public_path, error);
    if (status != LICET_OK)
        return status;
    randombytes_buf(seed, sizeof(seed));
    secret_key_init(&key, seed);
    sodium_memzero(seed, sizeof(seed));
    status = key_create_write(path, public_path, &key, text_of(comment), error);
    if (status == LICET_OK)
        key_create_tell(path, public_path, &key);
    secret_key_finish(&key);
    return status;
}
