/* Payloads of the three kinds, and what counts in them. */
#include "signer/intent.h"

#include "license/checkpoint.h"
#include "license/exchange.h"

static enum status intent_check_known(const struct license *license, struct error *error)
{
    for (uint32_t index = 0; index < license->increments_count; index++) {
        if (license->increments[index].extras.unknown_count > 0)
            return error_set(error, LICET_UNSUPPORTED,
                             "line %u has a field that this signer does not know: sign it by hand "
                             "(licet file sign), or take a newer signer",
                             license->increments[index].line_number);
    }
    if (license->lines.unknown_count > 0)
        return error_set(error, LICET_UNSUPPORTED,
                         "the file has a line that this signer does not know: sign it by hand "
                         "(licet file sign), or take a newer signer");
    return LICET_OK;
}

static void intent_count(const struct license *license, struct intent *intent)
{
    for (uint32_t index = 0; index < license->increments_count; index++) {
        const struct license_increment *increment = &license->increments[index];
        uint64_t seats = (uint64_t)increment->seats + increment->overdraft;

        intent->record.seats += seats;
        if (seats > intent->line_seats_max)
            intent->line_seats_max = seats;
        if (increment->model == LICENSE_UNCOUNTED || increment->advisory != 0 ||
            increment->burst_s != 0)
            intent->is_unlimited = true;
    }
}

static void intent_take_license(const struct license *license, struct intent *intent)
{
    const struct license_host *host =
        license->servers_count > 0 ? &license->servers[0] : license->device;

    intent->record.issued = license->head.issued;
    intent->record.number = license->head.generation;
    intent->record.vendor = license->head.vendor;
    intent->record.server = host->id;
    intent->record.name = license->head.serial;
    intent_count(license, intent);
}

static enum status intent_read_license(struct text payload, const struct certificate *certificate,
                                       struct arena *arena, struct intent *intent,
                                       struct error *error)
{
    struct license license;
    enum status status = license_lint(payload, certificate, arena, &license, error);

    if (status == LICET_OK)
        status = intent_check_known(&license, error);
    if (status == LICET_OK)
        intent_take_license(&license, intent);
    return status;
}

static enum status intent_read_void(struct text payload, struct arena *arena, struct intent *intent,
                                    struct error *error)
{
    struct license license;
    enum status status = license_parse(payload, arena, &license, error);

    if (status == LICET_OK)
        intent_take_license(&license, intent);
    return status;
}

static enum status intent_read_response(struct text payload, const struct certificate *certificate,
                                        struct arena *arena, struct intent *intent,
                                        struct error *error)
{
    struct response response;
    enum status status = response_lint(payload, certificate, arena, &response, error);
    struct text request;

    if (status != LICET_OK)
        return status;
    request = arena_copy(arena, text_make(response.head.request.bytes, HASH_BYTES));
    if (request.data == NULL)
        return error_set(error, LICET_NO_MEMORY, "no room is left for the response");
    intent->record.issued = response.head.issued;
    intent->record.vendor = response.head.vendor;
    intent->record.server = response.head.server;
    intent->record.name = request;
    return LICET_OK;
}

static enum status intent_read_checkpoint(struct text payload,
                                          const struct certificate *certificate,
                                          struct arena *arena, struct intent *intent,
                                          struct error *error)
{
    struct checkpoint checkpoint;
    enum status status = checkpoint_lint(payload, certificate, arena, &checkpoint, error);

    if (status != LICET_OK)
        return status;
    intent->record.issued = checkpoint.issued;
    intent->record.vendor = checkpoint.vendor;
    intent->record.number = checkpoint.log.size;
    return LICET_OK;
}

enum status intent_read(enum signer_act act, struct text payload,
                        const struct certificate *certificate, struct arena *arena,
                        struct intent *ret_intent, struct error *error)
{
    struct intent intent = {.record = {.act = act}};
    enum status status;

    if (act == SIGNER_LICENSE)
        status = intent_read_license(payload, certificate, arena, &intent, error);
    else if (act == SIGNER_RESPONSE)
        status = intent_read_response(payload, certificate, arena, &intent, error);
    else if (act == SIGNER_CHECKPOINT)
        status = intent_read_checkpoint(payload, certificate, arena, &intent, error);
    else if (act == SIGNER_VOID)
        status = intent_read_void(payload, arena, &intent, error);
    else
        return error_set(error, LICET_UNSUPPORTED, "the signer signs nothing of this kind");
    if (status != LICET_OK)
        return status;
    intent.record.payload = hash_of(payload);
    *ret_intent = intent;
    return LICET_OK;
}
