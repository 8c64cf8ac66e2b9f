/* What several commands read. A message names the file; the cause comes from whoever parsed it. */
#include "cli/read.h"

#include "base/file.h"

/* Public keys and certificates are one line of at most a few KiB. */
#define KEY_FILE_MAX 8192

static enum status cli_blame(const char *path, enum status status, const struct error *cause,
                             struct error *error)
{
    return error_set(error, status, "%s: %s", path, cause->text);
}

enum status cli_read_secret_key(const char *path, struct secret_key *ret_key, struct error *error)
{
    struct error cause;
    struct text text;
    enum status status = file_read(path, SECRET_KEY_FILE_MAX, &text, error);

    if (status != LICET_OK)
        return status;
    status = secret_key_parse(text, ret_key, &cause);
    file_free(text);
    return status == LICET_OK ? LICET_OK : cli_blame(path, status, &cause, error);
}

enum status cli_read_public_key(const char *path, struct public_key *ret_key, struct error *error)
{
    struct error cause;
    struct text text;
    enum status status = file_read(path, KEY_FILE_MAX, &text, error);

    if (status != LICET_OK)
        return status;
    status = public_key_parse(text, ret_key, NULL, &cause);
    file_free(text);
    return status == LICET_OK ? LICET_OK : cli_blame(path, status, &cause, error);
}

enum status cli_read_certificate(const char *path, struct arena *arena,
                                 struct certificate *ret_certificate, struct error *error)
{
    struct error cause;
    struct text text;
    enum status status = file_read(path, KEY_FILE_MAX, &text, error);

    if (status != LICET_OK)
        return status;
    status = certificate_parse_line(text, arena, ret_certificate, &cause);
    file_free(text);
    return status == LICET_OK ? LICET_OK : cli_blame(path, status, &cause, error);
}

enum status cli_add_root(const char *path, struct trust *trust, struct error *error)
{
    enum status status;

    if (trust->roots_count == TRUST_ROOTS_MAX)
        return error_set(error, LICET_INVALID, "at most %d roots can be given", TRUST_ROOTS_MAX);
    status = cli_read_public_key(path, &trust->roots[trust->roots_count], error);
    if (status == LICET_OK)
        trust->roots_count++;
    return status;
}

enum status cli_text_read(const char *path, struct cli_text *ret_text, struct error *error)
{
    struct text file;
    enum status status = file_read(path, LICENSE_FILE_BYTES_MAX, &file, error);
    /* Three times what one reading takes: signing parses before, reads after, and looks once more.
     */
    size_t capacity = 3 * LICENSE_ARENA_BYTES(file.size + SSHSIG_ARMOR_MAX);
    void *memory;

    if (status != LICET_OK)
        return status;
    memory = malloc(capacity);
    if (memory == NULL) {
        file_free(file);
        return error_set(error, LICET_NO_MEMORY, "no memory is left to read %s", path);
    }
    *ret_text = (struct cli_text){file, arena_over(memory, capacity)};
    return LICET_OK;
}

void cli_text_finish(struct cli_text *text)
{
    file_free(text->file);
    free(text->arena.data);
}

void cli_note_unserved(const struct license *license)
{
    for (uint32_t index = 0; index < license->lines.count; index++) {
        const struct document_line *line = &license->lines.items[index];
        char bytes[512];
        struct buf why = buf_over(bytes, sizeof(bytes));

        if (line->kind == LINE_UNKNOWN)
            fprintf(stderr, "licet: note: line %u: \"%.*s\" begins no line that licetd serves\n",
                    line->number,
                    TEXT_ARGS(text_head(line->text, text_find(text_head(line->text, 40), ' '))));
        if (line->kind != LINE_INCREMENT)
            continue;
        license_increment_why(license, line->value, NULL, &why);
        if (why.size > 0)
            fprintf(stderr, "licet: note: line %u: disabled: %.*s\n", line->number,
                    TEXT_ARGS(buf_text(&why)));
    }
}
