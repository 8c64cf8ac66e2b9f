/* GET /api/programs?after=&limit= */
#include "portal/agreement/agreement.h"

static enum status program_rows_read(struct db_transaction *transaction, void *context,
                                     struct error *error)
{
    struct page *page = context;

    return store_program_list(transaction, page->cursor, page->max, page->arena, page->rows,
                              &page->count, error);
}

static const struct page_kind program_page_kind = {"after", "id", sizeof(struct program),
                                                   program_rows_read, program_json};

enum status program_list_handle(struct request *request, struct reply *reply, struct error *error)
{
    return page_reply(request, reply, &program_page_kind, NULL, error);
}
