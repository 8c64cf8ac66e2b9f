/* Evidence: a license file, and a lease under it, judged with nothing but a root key. */
#include <sodium.h>

#include "client/api.h"
#include "client/client.h"

void licet_claim_init(licet_claim *claim, size_t size)
{
    const licet_claim defaults = {.size = size};

    api_struct_init(claim, &defaults, sizeof(defaults), size);
}

void licet_verdict_init(licet_verdict *verdict, size_t size)
{
    const licet_verdict defaults = {.size = size};

    api_struct_init(verdict, &defaults, sizeof(defaults), size);
}

size_t licet_verify_memory(size_t file_size)
{
    if (file_size > LICENSE_FILE_BYTES_MAX)
        file_size = LICENSE_FILE_BYTES_MAX;
    return LICENSE_ARENA_BYTES(file_size) + CHAIN_REVOCATIONS_ARENA_BYTES;
}

static enum status verify_names(const licet_lease_info *lease, struct grant_request *request,
                                struct error *error)
{
    struct date release = {0};

    request->feature = text_of(lease->feature);
    if (lease->release[0] != '\0' &&
        date_parse(text_of(lease->release), &release, error) != LICET_OK)
        return LICET_INVALID;
    request->leaf.release = (uint32_t)release.days;
    request->leaf.count = lease->count;
    memcpy(request->leaf.id, lease->id, sizeof(lease->id));
    memcpy(request->leaf.nonce, lease->nonce, sizeof(lease->nonce));
    leaf_hash_name(request->feature, request->leaf.feature);
    leaf_hash_name(text_of(lease->user), request->leaf.user);
    leaf_hash_name(text_of(lease->host), request->leaf.host);
    leaf_hash_name(text_of(lease->device), request->leaf.device);
    return LICET_OK;
}

static void verify_seal(licet_lease_info *lease)
{
    lease->feature[LICET_NAME_SIZE - 1] = lease->release[LICET_DATE_SIZE - 1] = '\0';
    lease->user[LICET_NAME_SIZE - 1] = lease->host[LICET_NAME_SIZE - 1] = '\0';
    lease->device[LICET_NAME_SIZE - 1] = '\0';
}

/* The server's key comes out of the proof itself: the file says by its hash whether it is good. */
static enum status verify_lease(const licet_claim *claim, const struct license *license,
                                licet_verdict *verdict, struct error *error)
{
    struct text bytes = text_make(claim->proof, claim->proof_size);
    struct grant_request request = {0};
    struct grant_terms terms;
    struct public_key server_key;
    struct lease_proof proof;
    licet_lease_info lease;
    enum status status;

    if (claim->lease == NULL ||
        !api_struct_read(&lease, sizeof(lease), claim->lease, claim->lease->size))
        return error_set(error, LICET_INVALID, "a proof needs the lease that it is said to prove");
    verify_seal(&lease);
    status = verify_names(&lease, &request, error);
    if (status == LICET_OK)
        status = proof_decode(bytes, &proof, error);
    if (status != LICET_OK)
        return status;
    request.leaf.kind = proof.leaf.kind == LEAF_RENEWAL ? LEAF_RENEWAL : LEAF_GRANT;
    memcpy(server_key.bytes, proof.root.server_key, KEY_BYTES);
    status = grant_verify(bytes, license, &server_key, &request, &proof, error);
    if (status != LICET_OK)
        return status;
    grant_terms_find(license, &request, (struct unix_time){proof.root.time}, &terms);
    if (proof.leaf.kind == LEAF_RENEWAL) /* R4.5: it may be one of those that a drain lets stay */
        terms.seats = UINT64_MAX;
    status = grant_check_terms(&proof, &terms, error);
    if (status != LICET_OK)
        return status;
    verdict->granted_s = proof.root.time;
    verdict->flags = proof.leaf.flags;
    verdict->end_s = proof.root.time + proof.leaf.ttl_s;
    if (proof.leaf.end != 0 && proof.leaf.end < verdict->end_s)
        verdict->end_s = proof.leaf.end;
    return LICET_OK;
}

static void verify_copy(char *place, size_t size, struct text text)
{
    snprintf(place, size, "%.*s", TEXT_ARGS(text));
}

static void verify_describe(const struct license *license, licet_verdict *verdict)
{
    struct buf key = buf_over(verdict->server_key, sizeof(verdict->server_key) - 1);

    verdict->generation = license->head.generation;
    verdict->issued_s = license->head.issued.s;
    verdict->lines = license->increments_count;
    verify_copy(verdict->vendor, sizeof(verdict->vendor), license->head.vendor);
    verify_copy(verdict->customer, sizeof(verdict->customer), license->head.customer);
    verify_copy(verdict->serial, sizeof(verdict->serial), license->head.serial);
    if (license->servers_count > 0 && !hash_is_none(&license->servers[0].key))
        hash_print(&license->servers[0].key, &key);
}

static enum status verify_all(const licet_claim *claim, struct trust trust, struct arena *arena,
                              licet_verdict *verdict, struct error *error)
{
    struct revocations revocations;
    struct license license;
    enum status status = LICET_OK;

    if (claim->revocations != NULL && claim->revocations[0] != '\0') {
        status = revocations_read(text_of(claim->revocations), trust.roots, trust.roots_count,
                                  arena, &revocations, error);
        trust.revocations = &revocations;
    }
    if (status == LICET_OK)
        status =
            license_read(text_make(claim->file, claim->file_size), &trust, arena, &license, error);
    if (status == LICET_OK && claim->proof != NULL)
        status = verify_lease(claim, &license, verdict, error);
    if (status == LICET_OK)
        verify_describe(&license, verdict);
    return status;
}

licet_status licet_verify(const licet_claim *claim, void *memory, size_t memory_size,
                          licet_verdict *ret_verdict, licet_error *ret_error)
{
    struct error *error = api_error(ret_error);
    struct arena arena = arena_over(memory, memory_size);
    licet_verdict verdict = {0};
    struct trust trust;
    licet_claim known;
    enum status status;

    if (claim == NULL || memory == NULL || ret_verdict == NULL)
        return api_null(error);
    if (!api_struct_read(&known, sizeof(known), claim, claim->size) || known.file == NULL)
        return error_set(error, LICET_INVALID,
                         "the claim needs licet_claim_init() and a license file");
    if (sodium_init() < 0)
        return error_set(error, LICET_SYSTEM, "the operating system gives no random bytes");
    status =
        client_read_trust(known.roots, known.vendor == NULL ? "" : known.vendor, &trust, error);
    if (status == LICET_OK)
        status = verify_all(&known, trust, &arena, &verdict, error);
    if (status == LICET_OK)
        api_struct_write(ret_verdict, ret_verdict->size, &verdict, sizeof(verdict));
    return status;
}
