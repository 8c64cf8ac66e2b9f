/*
 * The vendor's list of revoked issuing keys (R9.3): read with the root of its vendor, judged by its
 * number, kept in the state folder, given out in CHAIN. It ends no lease: an installed file whose
 * key it revokes is served on, for it is the vendor who has to sign another one; but products that
 * learn of the list refuse the file, so that everybody who looks is told.
 */
#include "base/file.h"
#include "base/log.h"
#include "server/server.h"

/* ---- reading ---- */

static void vendor_revocations_finish(struct vendor_revocations *revocations)
{
    free(revocations->arena_memory);
    free(revocations->text_memory);
    memset(revocations, 0, sizeof(*revocations));
}

static enum status revocation_read(struct revocation_installation *installation, struct text text,
                                   struct error *error)
{
    struct vendor_revocations *revocations = &installation->revocations;
    const struct trust *trust = &installation->vendor->trust;
    size_t arena_size = LICENSE_ARENA_BYTES(REVOCATIONS_BYTES_MAX);
    struct arena arena;
    enum status status;

    revocations->arena_memory = malloc(arena_size);
    revocations->text_memory = malloc(text.size + 1);
    if (revocations->arena_memory == NULL || revocations->text_memory == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to read a revocation list");
    memcpy(revocations->text_memory, text.data, text.size);
    revocations->text = text_make(revocations->text_memory, text.size);
    arena = arena_over(revocations->arena_memory, arena_size);
    status = revocations_read(revocations->text, trust->roots, trust->roots_count, &arena,
                              &revocations->list, error);
    /* Security: the same root may stand for two vendors, and each has numbers of its own. */
    if (status == LICET_OK && !text_equal(revocations->list.head.vendor, trust->vendor))
        status = error_set(error, LICET_UNTRUSTED, "the revocation list is not one of vendor %s",
                           installation->vendor->options->name);
    return status;
}

/* ---- judging ---- */

static enum status revocation_check_number(struct revocation_installation *installation,
                                           struct error *error)
{
    const struct revocations *list = &installation->revocations.list;
    const struct revocations *installed = &installation->vendor->revocations.list;
    uint32_t old = installed->head.number, new = list->head.number;

    installation->installed_number = old;
    if (new < old)
        return error_set(error, LICET_OLD_GENERATION,
                         "revocation list %u is older than the installed %u, which has all that "
                         "was revoked before it",
                         new, old);
    installation->is_installed_already =
        new == old &&hash_equal(&list->payload_hash, &installed->payload_hash);
    if (new > old || installation->is_installed_already)
        return LICET_OK;
    log_error("revocations.conflict", "vendor=%s number=%u cause=\"two lists of one number\"",
              installation->vendor->options->name, new);
    return error_set(error, LICET_CONFLICT,
                     "revocation list %u is installed with other content; two lists of one number: "
                     "ask the vendor",
                     new);
}

enum status revocation_prepare(struct server *server, struct text text,
                               struct revocation_installation *ret_installation,
                               struct error *error)
{
    struct revocation_installation *installation = ret_installation;
    enum status status;

    memset(installation, 0, sizeof(*installation));
    status = server_vendor_of_text(server, text, "REVOCATIONS 1 ", "revocation list",
                                   &installation->vendor, error);
    if (status == LICET_OK)
        status = revocation_read(installation, text, error);
    if (status == LICET_OK)
        status = revocation_check_number(installation, error);
    if (status == LICET_OK)
        installation->revokes_file =
            vendor_is_revoked_by(installation->vendor, &installation->revocations.list);
    return status;
}

void revocation_finish(struct revocation_installation *installation)
{
    vendor_revocations_finish(&installation->revocations);
}

/* ---- in use ---- */

static void revocation_take(struct revocation_installation *installation)
{
    struct vendor *vendor = installation->vendor;

    vendor_revocations_finish(&vendor->revocations);
    vendor->revocations = installation->revocations;
    installation->revocations = (struct vendor_revocations){.text = {NULL, 0}};
    if (vendor_is_revoked_by(vendor, &vendor->revocations.list))
        log_warning("license.revoked", "vendor=%s generation=%u list=%u", vendor->options->name,
                    vendor->license.head.generation, vendor->revocations.list.head.number);
}

enum status revocation_commit(struct server *server, struct revocation_installation *installation,
                              const char *by, struct error *error)
{
    const struct vendor_revocations *revocations = &installation->revocations;
    /* Order: a client remembers the highest number it saw, so it must not see one that a crash
     * could undo. */
    enum status status =
        state_store_revocations(server, installation->vendor, revocations->text, error);

    if (status != LICET_OK)
        return status;
    log_info("revocations.installed", "vendor=%s number=%u previous=%u keys=%u by=\"%s\"",
             installation->vendor->options->name, revocations->list.head.number,
             installation->installed_number, revocations->list.keys_count, by);
    revocation_take(installation);
    return LICET_OK;
}

enum status revocation_restore(struct server *server, struct vendor *vendor, struct error *error)
{
    struct revocation_installation installation = {.vendor = vendor};
    struct error found = {.status = LICET_OK};
    struct text text;
    enum status status = state_load_revocations(server, vendor, &text, error);

    if (status == LICET_NOT_FOUND)
        return LICET_OK;
    if (status != LICET_OK)
        return status;
    status = revocation_read(&installation, text, &found);
    file_free(text);
    if (status == LICET_OK)
        revocation_take(&installation);
    else
        error_set(error, status,
                  "the stored revocation list of %s is not accepted: %s. Move %s/revocations/%s "
                  "away, start, and install the vendor's newest list again",
                  vendor->options->name, error_text(&found, status), server->options.state,
                  vendor->options->name);
    revocation_finish(&installation);
    return status;
}
