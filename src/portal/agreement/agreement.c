#include "portal/agreement/agreement.h"

#include "portal/reply.h"
#include "store/store.h"

json_t *program_json(const void *row)
{
    const struct program *program = row;

    return json_pack("{s:I, s:o}", "id", (json_int_t)program->id, "name",
                     json_of_text(program->name));
}

json_t *agreement_json(const void *row)
{
    const struct agreement *agreement = row;

    return json_pack(
        "{s:I, s:I, s:I, s:o, s:o, s:s, s:o}", "id", (json_int_t)agreement->id, "program",
        (json_int_t)agreement->program_id, "customer", (json_int_t)agreement->customer_id,
        "customer_number", json_of_text(agreement->customer_number), "number",
        json_of_text(agreement->number), "state", agreement->is_active ? "active" : "ended",
        "created", json_of_time(agreement->created));
}

struct agreement_found {
    struct arena *arena;
    int64_t id;
    struct agreement row;
};

static enum status agreement_find(struct db_transaction *transaction, void *context,
                                  struct error *error)
{
    struct agreement_found *found = context;

    return store_agreement_get(transaction, found->id, found->arena, &found->row, error);
}

enum status agreement_get(struct request *request, int64_t id, struct agreement *ret_agreement,
                          struct error *error)
{
    struct agreement_found found = {.arena = request_arena(request), .id = id};
    enum status status = store_read(request_store(request), agreement_find, &found, error);

    if (status == LICET_OK)
        *ret_agreement = found.row;
    return status;
}
