/* Roots out of text, and files that are verified beside the one in use. */
#include "client/chain.h"

enum status chain_roots_parse(struct text roots, struct trust *trust, struct error *error)
{
    struct text line;

    trust->roots_count = 0;
    while (text_split(&roots, '\n', &line)) {
        enum status status;

        if (line.size > 0 && line.data[line.size - 1] == '\r')
            line.size--;
        if (line.size == 0 || line.data[0] == '#')
            continue;
        if (trust->roots_count == TRUST_ROOTS_MAX)
            return error_set(error, LICET_INVALID, "more than %d root keys are given",
                             TRUST_ROOTS_MAX);
        status = public_key_parse(line, &trust->roots[trust->roots_count], NULL, error);
        if (status != LICET_OK)
            return status;
        trust->roots_count++;
    }
    if (trust->roots_count == 0)
        return error_set(error, LICET_INVALID,
                         "no root key is given: the product pins its vendor's, or LICET_ROOT names "
                         "a file with it");
    return LICET_OK;
}

static void *chain_take(char **memory, size_t size)
{
    char *taken = *memory;

    *memory += size;
    return taken;
}

/* ---- revocation lists (R9.3) --------------------------------------------------------------- */

static bool chain_file_is_revoked(const struct chain *chain)
{
    const struct license *license = &chain->file->license;

    return chain->trust.revocations != NULL &&
           revocations_has(chain->trust.revocations, &license->signer.key_hash,
                           license->head.issued);
}

/* A newer list replaces the one in use, and the file in use falls if it revokes its key; the same
 * or an older one changes nothing. ret_head is what was shown, until the next list is. */
static enum status chain_see_revocations(struct chain *chain, struct text revocations,
                                         struct revocations_head *ret_head, struct error *error)
{
    struct chain_revocations *place = &chain->revocations[chain->revocations_next];
    const struct trust *trust = &chain->trust;
    struct text vendor = trust->vendor;
    enum status status;

    place->arena.size = 0;
    status = revocations_read(revocations, trust->roots, trust->roots_count, &place->arena,
                              &place->list, error);
    if (status != LICET_OK)
        return status;
    /* Security: numbers are each vendor's own; another's list must not displace the one in use. */
    if (vendor.size == 0)
        vendor = (trust->revocations != NULL ? trust->revocations : &place->list)->head.vendor;
    if (!text_equal(vendor, place->list.head.vendor))
        return error_set(error, LICET_UNTRUSTED,
                         "the revocation list is of vendor %.*s, this product is of %.*s",
                         TEXT_ARGS(place->list.head.vendor), TEXT_ARGS(vendor));
    *ret_head = place->list.head;
    if (trust->revocations != NULL && place->list.head.number <= trust->revocations->head.number)
        return LICET_OK;
    chain->trust.revocations = &place->list;
    chain->revocations_next = 1 - chain->revocations_next;
    if (chain->file != NULL && chain_file_is_revoked(chain))
        chain->file = NULL;
    return LICET_OK;
}

/* Security: a server that knows of a list and keeps it back, or hands on an older one, could bring
 * files of a stolen key. */
static enum status chain_check_revocations(struct chain *chain, struct witness *witness,
                                           struct error *error)
{
    const struct revocations *list = chain->trust.revocations;
    struct text vendor = chain->file->license.head.vendor;
    uint64_t seen = witness_see_list(witness, vendor, 0);

    if (seen == 0 ||
        (list != NULL && text_equal(list->head.vendor, vendor) && list->head.number >= seen))
        return LICET_OK;
    chain->file = NULL;
    return error_set(error, LICET_OLD_GENERATION,
                     "revocation list %llu of %.*s has been seen before, and the license server "
                     "hands on an older one or none: its administrator should install the "
                     "vendor's newest list",
                     (unsigned long long)seen, TEXT_ARGS(vendor));
}

/* ---- in and out of use --------------------------------------------------------------------- */

enum status chain_init(struct chain *chain, void *memory, const struct trust *trust,
                       struct text revocations, struct error *error)
{
    struct revocations_head head;
    char *rest = memory;

    *chain = (struct chain){.trust = *trust};
    for (int index = 0; index < 2; index++) {
        chain->files[index].arena =
            arena_over(chain_take(&rest, CHAIN_FILE_ARENA_BYTES), CHAIN_FILE_ARENA_BYTES);
        chain->revocations[index].arena = arena_over(
            chain_take(&rest, CHAIN_REVOCATIONS_ARENA_BYTES), CHAIN_REVOCATIONS_ARENA_BYTES);
    }
    return revocations.size == 0 ? LICET_OK
                                 : chain_see_revocations(chain, revocations, &head, error);
}

/* Into the place that is free: nothing is in use yet. */
static enum status chain_read_file(struct chain *chain, struct text file, struct error *error)
{
    struct chain_file *place = &chain->files[chain->file_next];
    enum status status;

    place->arena.size = 0;
    status = license_read(file, &chain->trust, &place->arena, &place->license, error);
    if (status != LICET_OK)
        return status;
    if (chain->trust.vendor.size > 0 &&
        !text_equal(chain->trust.vendor, place->license.head.vendor))
        return error_set(error, LICET_UNTRUSTED,
                         "the license file is one of vendor %.*s, this product is of %.*s",
                         TEXT_ARGS(place->license.head.vendor), TEXT_ARGS(chain->trust.vendor));
    return LICET_OK;
}

static void chain_use_file(struct chain *chain)
{
    chain->file = &chain->files[chain->file_next];
    chain->file_next = 1 - chain->file_next;
}

static enum status chain_see_file(struct chain *chain, struct text file, struct text server_key,
                                  struct error *error)
{
    struct chain_file *place = &chain->files[chain->file_next];
    enum status status = public_key_parse(server_key, &place->server_key, NULL, error);

    if (status == LICET_OK)
        status = chain_read_file(chain, file, error);
    if (status != LICET_OK)
        return status;
    if (license_find_server(&place->license, &place->server_key) == NULL)
        return error_set(error, LICET_WRONG_SERVER,
                         "the license file that this server shows is for another license server: "
                         "its administrator should install the file that was issued to its key");
    chain_use_file(chain);
    return LICET_OK;
}

enum status chain_see(struct chain *chain, struct witness *witness, const struct chain_shown *shown,
                      struct error *error)
{
    struct revocations_head head;
    enum status status = LICET_OK;

    if (shown->revocations.size > 0) {
        status = chain_see_revocations(chain, shown->revocations, &head, error);
        /* Order: before the file is judged, for it may be the one that the list is about. */
        if (status == LICET_OK)
            witness_see_list(witness, head.vendor, head.number);
    }
    if (status == LICET_OK)
        status = chain_see_file(chain, shown->file, shown->server_key, error);
    if (status == LICET_OK)
        status = chain_check_revocations(chain, witness, error);
    return status;
}

enum status chain_see_device(struct chain *chain, struct text file, struct text serial,
                             const struct public_key *key, struct unix_time now,
                             struct error *error)
{
    const struct license *license = &chain->files[chain->file_next].license;
    enum status status = chain_read_file(chain, file, error);

    if (status == LICET_OK)
        status = license_check_device(license, serial, key, now, error);
    if (status == LICET_OK)
        chain_use_file(chain);
    return status;
}
