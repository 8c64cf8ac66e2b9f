/* GET /api/issues/{issue}/file: the license file of a released generation, as a download. R3.4: for
 * the server's administrators. */
#include "portal/issue/view.h"
#include "portal/reply.h"
#include "store/issue_content.h"
#include "store/store.h"

struct file_found {
    struct arena *arena;
    int64_t id;
    struct text file;
};

static enum status file_find(struct db_transaction *transaction, void *context, struct error *error)
{
    struct file_found *found = context;
    enum status status =
        store_issue_file(transaction, found->id, found->arena, &found->file, error);

    return status == LICET_NOT_FOUND
               ? error_set(error, LICET_NOT_FOUND,
                           "this generation has no license file yet: its state says what it waits "
                           "for")
               : status;
}

enum status issue_file_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct file_found found = {.arena = request_arena(request)};
    struct issue_whole whole;
    char name[64];
    enum status status = request_path_int(request, "issue", &found.id, error);

    if (status == LICET_OK)
        status = issue_whole_get(request, found.id, ROLE_STAFF | ROLE_ADMINISTRATOR, &whole, error);
    if (status == LICET_OK)
        status = store_read(request_store(request), file_find, &found, error);
    if (status != LICET_OK)
        return status;
    snprintf(name, sizeof(name), "%.*s-generation-%u.lic", TEXT_ARGS(whole.server.number),
             whole.issue.generation);
    return reply_file(reply, name, found.file, error);
}
