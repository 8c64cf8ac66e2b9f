/* POST /api/programs {name}: a license program, under which agreements are made. */
#include "base/limits.h"
#include "portal/agreement/agreement.h"
#include "portal/reply.h"

static enum status program_store(struct db_transaction *transaction, void *context,
                                 int64_t *ret_resource, struct error *error)
{
    const struct program *program = context;

    return store_program_insert(transaction, program->name, ret_resource, error);
}

enum status program_create_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct program program;
    enum status status = request_json_only(request, "name", error);

    if (status == LICET_OK)
        status =
            request_json_text(request, "name", 1, CATALOG_NAME_BYTES_MAX, &program.name, error);
    if (status == LICET_OK)
        status = request_act(request, program_store, &program, &program.id, error);
    if (status != LICET_OK)
        return status;
    return reply_created(reply, "/api/programs", program.id, program_json(&program), error);
}
