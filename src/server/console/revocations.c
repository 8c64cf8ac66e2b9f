/*
 * POST /revocations/preview: what a list of revoked issuing keys says; nothing is changed.
 * POST /revocations/install?hash=SHA256:...: installs exactly the list that was previewed (R9.3).
 * Without the hash it is an unattended installation, which is refused where products will refuse
 * the installed license file by it.
 */
#include "server/console/console.h"

static json_t *revocations_keys(const struct revocations *list)
{
    json_t *keys = json_array();

    for (uint32_t index = 0; index < list->keys_count; index++)
        json_array_append_new(keys, json_pack("{s:o, s:o}", "key",
                                              console_json_hash(&list->keys[index].key), "from",
                                              console_json_time(list->keys[index].from.s)));
    return keys;
}

static json_t *revocations_answer(const struct revocation_installation *installation)
{
    const struct revocations *list = &installation->revocations.list;

    return json_pack("{s:o, s:s, s:I, s:I, s:o, s:b, s:b, s:o}", "hash",
                     console_json_hash(&list->payload_hash), "vendor",
                     installation->vendor->options->name, "number", (json_int_t)list->head.number,
                     "installed_number", (json_int_t)installation->installed_number, "issued",
                     console_json_time(list->head.issued.s), "already_installed",
                     installation->is_installed_already, "revokes_file", installation->revokes_file,
                     "keys", revocations_keys(list));
}

void revocations_preview_handle(struct http_exchange *exchange)
{
    struct revocation_installation installation;
    struct error error = {0};
    enum status status =
        revocation_prepare(http_context(exchange), http_body(exchange), &installation, &error);

    if (status == LICET_OK)
        console_answer_json(exchange, revocations_answer(&installation));
    else
        console_refuse(exchange, "revocations.refused", "preview", status, &error);
    revocation_finish(&installation);
}

static enum status
revocations_check_confirmation(const struct http_exchange *exchange,
                               const struct revocation_installation *installation,
                               struct error *error)
{
    const struct revocations *list = &installation->revocations.list;
    bool is_confirmed;
    enum status status = console_check_hash(exchange, &list->payload_hash, &is_confirmed, error);

    if (status == LICET_OK && !is_confirmed && installation->revokes_file)
        status = error_set(error, LICET_SHRINKS,
                           "revocation list %u revokes the key of the installed license file; look "
                           "at the preview and confirm it by its hash",
                           list->head.number);
    return status;
}

void revocations_install_handle(struct http_exchange *exchange)
{
    struct server *server = http_context(exchange);
    struct revocation_installation installation;
    struct error error = {0};
    json_t *answer = NULL;
    enum status status = revocation_prepare(server, http_body(exchange), &installation, &error);

    if (status == LICET_OK)
        status = revocations_check_confirmation(exchange, &installation, &error);
    if (status == LICET_OK)
        answer = revocations_answer(&installation);
    if (status == LICET_OK && !installation.is_installed_already)
        status = revocation_commit(server, &installation, console_by(exchange), &error);
    if (status == LICET_OK)
        console_answer_json(exchange, answer);
    else {
        json_decref(answer);
        console_refuse(exchange, "revocations.refused", "install", status, &error);
    }
    revocation_finish(&installation);
}
