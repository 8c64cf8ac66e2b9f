/* R8.3: field by field equality, then what the file's lines could give. */
#include "client/grant.h"

/* ---- terms -------------------------------------------------------------------------------- */

bool grant_line_has(const struct license_increment *line, struct text feature)
{
    if (text_equal(line->feature, feature))
        return true;
    for (uint32_t index = 0; index < line->covers.count; index++) {
        if (text_equal(line->covers.items[index], feature))
            return true;
    }
    return false;
}

int64_t grant_line_end(const struct license_increment *line)
{
    int64_t expiry = license_increment_expiry(line);
    int64_t refresh_by = license_increment_refresh_by(line);

    if (expiry == 0 || (refresh_by != 0 && refresh_by < expiry))
        return refresh_by;
    return expiry;
}

bool grant_line_serves(const struct license *license, const struct license_increment *line,
                       const struct grant_request *request, struct unix_time now)
{
    int64_t end = grant_line_end(line);

    return grant_line_has(line, request->feature) &&
           line->maintenance >= request->leaf.release && /* FIELD_DATE_NEVER is above every date */
           license_increment_start(line) <= now.s && (end == 0 || now.s < end) &&
           license_increment_state(license, line, NULL) == LICENSE_LINE_ENABLED;
}

static void grant_terms_add(struct grant_terms *terms, const struct license_increment *line)
{
    int64_t end = grant_line_end(line);

    if (!terms->is_served || end == 0 || (terms->end != 0 && end > terms->end))
        terms->end = end;
    if (line->burst_s > 0 || line->advisory > 0) /* such a line's seats have no upper bound */
        terms->seats = UINT64_MAX;
    else if (terms->seats != UINT64_MAX) /* 4,096 lines of 2 x 10^9 fit 64 bits */
        terms->seats += (uint64_t)line->seats + line->overdraft;
    if (line->ttl_s > terms->ttl_s)
        terms->ttl_s = line->ttl_s;
    terms->is_served = true;
}

void grant_terms_find(const struct license *license, const struct grant_request *request,
                      struct unix_time now, struct grant_terms *ret_terms)
{
    *ret_terms = (struct grant_terms){0};
    for (uint32_t index = 0; index < license->increments_count; index++) {
        const struct license_increment *line = &license->increments[index];

        if (line->drain_s > ret_terms->drain_s)
            ret_terms->drain_s = line->drain_s;
        if (grant_line_serves(license, line, request, now))
            grant_terms_add(ret_terms, line);
    }
}

static enum status grant_check_ends(const struct lease_proof *proof,
                                    const struct grant_terms *terms, struct error *error)
{
    int64_t end = proof->root.time + proof->leaf.ttl_s;

    if (proof->leaf.ttl_s > terms->ttl_s)
        return error_set(error, LICET_MISMATCH,
                         "the license server grants %u seconds at a time, the license file %u: do "
                         "not trust this server",
                         proof->leaf.ttl_s, terms->ttl_s);
    if (terms->end == 0)
        return LICET_OK;
    if (proof->leaf.end > terms->end ||
        (proof->leaf.end == 0 && end > terms->end + GRANT_COMMIT_SECONDS_MAX))
        return error_set(error, LICET_MISMATCH,
                         "the license server grants beyond the end of the license file's lines: do "
                         "not trust this server");
    return LICET_OK;
}

enum status grant_check_terms(const struct lease_proof *proof, const struct grant_terms *terms,
                              struct error *error)
{
    if (!terms->is_served)
        return error_set(error, LICET_MISMATCH,
                         "the license server granted what no line of its license file serves: do "
                         "not trust this server");
    if (proof->leaf.count > terms->seats)
        return error_set(error, LICET_MISMATCH,
                         "the license server granted %u seats, its license file has %llu: do not "
                         "trust this server",
                         proof->leaf.count, (unsigned long long)terms->seats);
    return grant_check_ends(proof, terms, error);
}

/* ---- signature and equality --------------------------------------------------------------- */

static bool grant_file_names(const struct license *license, const struct hash *key)
{
    for (uint32_t index = 0; index < license->servers_count; index++) {
        if (hash_equal(&license->servers[index].key, key))
            return true;
    }
    return false;
}

static enum status grant_check_key(const struct license *license,
                                   const struct public_key *server_key, int64_t now,
                                   struct error *error)
{
    struct hash hash = public_key_hash(server_key);

    if (!grant_file_names(license, &hash))
        return error_set(error, LICET_WRONG_SERVER,
                         "the license file does not name the key of this license server");
    for (uint32_t index = 0; index < license->revoked_count; index++) {
        if (hash_equal(&license->revoked[index].key, &hash) &&
            license->revoked[index].from.s <= now)
            return error_set(error, LICET_REVOKED,
                             "the key of this license server has been revoked by its vendor");
    }
    return LICET_OK;
}

/* The root speaks of this file. */
static enum status grant_check_file(const struct lease_root *root, const struct license *license,
                                    struct error *error)
{
    if (memcmp(root->payload_hash, license->payload_hash.bytes, HASH_BYTES) != 0)
        return error_set(error, LICET_CONFLICT,
                         "the lease was granted by generation %u of the license file, the file at "
                         "hand is generation %u",
                         root->generation, license->head.generation);
    if (root->generation != license->head.generation ||
        !text_equal(root->vendor, license->head.vendor))
        return error_set(error, LICET_MISMATCH,
                         "the license server signs for %.*s, generation %u; its license file is of "
                         "%.*s, generation %u",
                         TEXT_ARGS(root->vendor), root->generation, TEXT_ARGS(license->head.vendor),
                         license->head.generation);
    return LICET_OK;
}

enum status grant_verify(struct text proof_bytes, const struct license *license,
                         const struct public_key *server_key, const struct grant_request *request,
                         struct lease_proof *ret_proof, struct error *error)
{
    struct lease_proof proof;
    enum status status = proof_decode(proof_bytes, &proof, error);

    if (status != LICET_OK)
        return status;
    status = grant_check_file(&proof.root, license, error);
    if (status != LICET_OK)
        return status;
    status = lease_proof_verify(proof_bytes, server_key->bytes, &request->leaf, &proof, error);
    if (status != LICET_OK)
        return status;
    status = grant_check_key(license, server_key, proof.root.time, error);
    if (status == LICET_OK)
        *ret_proof = proof;
    return status;
}
