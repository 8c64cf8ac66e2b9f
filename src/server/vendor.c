/* The vendors that the configuration trusts: found by name, by number, by the text that names one. */
#include "server/server.h"

struct vendor *server_vendor(struct server *server, struct text name)
{
    struct vendor *only = NULL;

    for (uint32_t index = 0; index < server->vendors_count; index++) {
        struct vendor *vendor = &server->vendors[index];

        if (name.size > 0 && text_is(name, vendor->options->name))
            return vendor;
        if (name.size == 0 && vendor->file.data != NULL) {
            if (only != NULL)
                return NULL; /* R10.3: with several installed the name is needed */
            only = vendor;
        }
    }
    if (name.size == 0 && only == NULL && server->vendors_count == 1)
        return &server->vendors[0]; /* trusted, nothing installed: the core says NOFILE */
    return name.size == 0 ? only : NULL;
}

struct vendor *server_vendor_by_id(struct server *server, name_id id)
{
    for (uint32_t index = 0; index < server->vendors_count; index++) {
        if (server->vendors[index].name == id)
            return &server->vendors[index];
    }
    return NULL;
}

bool vendor_is_revoked_by(const struct vendor *vendor, const struct revocations *list)
{
    const struct license *license = &vendor->license;

    return vendor->file.data != NULL &&
           revocations_has(list, &license->signer.key_hash, license->head.issued);
}

/* Which vendor's roots to hold against a text: a hint, taken before anything is verified. */
static struct text vendor_hint(struct text text, const char *opening)
{
    struct text line;

    while (text_split(&text, '\n', &line)) {
        if (!text_starts_with(line, opening))
            continue;
        line = text_skip(line, strlen(opening));
        if (text_starts_with(line, "\\")) { /* a long name stands on a line of its own (R2.3) */
            text_split(&text, '\n', &line);
            line = text_skip(line, sizeof("    ") - 1);
        }
        if (!text_starts_with(line, "vendor="))
            break;
        line = text_skip(line, sizeof("vendor=") - 1);
        return text_head(line, text_find(line, ' '));
    }
    return (struct text){"", 0};
}

enum status server_vendor_of_text(struct server *server, struct text text, const char *opening,
                                  const char *kind, struct vendor **ret_vendor, struct error *error)
{
    struct text name = vendor_hint(text, opening);
    struct vendor *vendor = name.size == 0 ? NULL : server_vendor(server, name);

    if (name.size == 0)
        return error_set(error, LICET_INVALID, "this is not a %s: it has no line \"%svendor=...\"",
                         kind, opening);
    if (vendor == NULL)
        return error_set(error, LICET_UNTRUSTED,
                         "this server trusts no root key of vendor \"%.*s\"; add it to the "
                         "configuration: [vendor NAME] root=FILE",
                         TEXT_ARGS(text_head(name, NAME_MAX_BYTES)));
    *ret_vendor = vendor;
    return LICET_OK;
}
