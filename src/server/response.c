/*
 * Responses of a portal (R5.2): the license file in one is installed as any other, and when that is
 * durable, every later request names the response by its hash. So the portal knows what arrived.
 */
#include "base/file.h"
#include "server/server.h"

enum status response_open(struct server *server, struct text text, void **ret_memory,
                          struct response *ret_response, struct error *error)
{
    size_t arena_size = LICENSE_ARENA_BYTES(RESPONSE_BYTES_MAX);
    struct vendor *vendor;
    struct arena arena;
    enum status status =
        server_vendor_of_text(server, text, "RESPONSE 1 ", "response", &vendor, error);

    *ret_memory = NULL;
    if (status != LICET_OK)
        return status;
    *ret_memory = malloc(arena_size);
    if (*ret_memory == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to read a response");
    arena = arena_over(*ret_memory, arena_size);
    status = response_read(text, &vendor->trust, &arena, ret_response, error);
    if (status == LICET_OK)
        status = revocations_check(&vendor->revocations.list, &ret_response->signer.key_hash,
                                   ret_response->head.issued, error);
    if (status == LICET_OK && ret_response->file.size == 0)
        status = error_set(error, LICET_NO_FILE,
                           "this response brings no license file: the vendor had none for this "
                           "license server yet, so there is nothing to install; have seats "
                           "allocated to it, and make a new request");
    return status;
}

enum status response_check_file(const struct response *response, const struct license *license,
                                const struct public_key *key, struct error *error)
{
    const struct license_host *self = license_find_server(license, key);

    if (!hash_equal(&response->head.file, &license->payload_hash))
        return error_set(error, LICET_MISMATCH,
                         "another license file stands in this response than the one that it names; "
                         "ask the vendor for it again");
    if (self == NULL || !text_equal(self->id, response->head.server))
        return error_set(error, LICET_WRONG_SERVER,
                         "this response is for another license server than the file in it");
    return LICET_OK;
}

enum status response_accept(struct server *server, struct vendor *vendor, const struct hash *hash,
                            struct error *error)
{
    char place[HASH_TEXT_BYTES];
    struct buf text = buf_over(place, sizeof(place));
    enum status status;

    if (hash_is_none(hash) || hash_equal(hash, &vendor->response_hash))
        return LICET_OK;
    hash_print(hash, &text);
    status = state_store_response(server, vendor, buf_text(&text), error);
    if (status == LICET_OK)
        vendor->response_hash = *hash;
    return status;
}

enum status response_restore(struct server *server, struct vendor *vendor, struct error *error)
{
    struct text text;
    enum status status = state_load_response(server, vendor, &text, error);

    if (status == LICET_NOT_FOUND)
        return LICET_OK;
    if (status != LICET_OK)
        return status;
    status = hash_parse(text, &vendor->response_hash, NULL);
    file_free(text);
    if (status != LICET_OK)
        return error_set(error, LICET_DAMAGED,
                         "%s/responses/%s is no hash: remove it; the next request to this vendor "
                         "then names no response",
                         server->options.state, vendor->options->name);
    return LICET_OK;
}
