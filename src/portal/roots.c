/* The files of the root keys that the options name. */
#include "base/file.h"
#include "portal/options.h"

static enum status root_read(const char *path, struct public_key *ret_key, struct error *error)
{
    struct text text;
    enum status status = file_read(path, CONFIG_FILE_BYTES_MAX, &text, error);

    if (status != LICET_OK)
        return status;
    status = public_key_parse(text_head(text, text_find(text, '\n')), ret_key, NULL, error);
    file_free(text);
    return status;
}

enum status portal_options_trust(const struct portal_options *options, struct trust *ret_trust,
                                 struct error *error)
{
    struct trust trust = {.vendor = text_of(options->vendor), .roots_count = options->roots_count};
    enum status status = LICET_OK;

    for (uint32_t index = 0; status == LICET_OK && index < options->roots_count; index++)
        status = root_read(options->roots[index], &trust.roots[index], error);
    if (status == LICET_OK)
        *ret_trust = trust;
    return status;
}
