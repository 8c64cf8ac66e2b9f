/* GET /api/tokens: the person's own, newest first. There are no more than fit one page. */
#include "portal/frame.h"
#include "portal/token/token.h"
#include "store/store.h"

struct token_page {
    struct arena *arena;
    int64_t person_id;
    struct api_token rows[API_TOKENS_MAX];
    uint32_t count;
};

static enum status token_page_read(struct db_transaction *transaction, void *context,
                                   struct error *error)
{
    struct token_page *page = context;

    return store_api_token_list(transaction, page->person_id, API_TOKENS_MAX, page->arena,
                                page->rows, &page->count, error);
}

enum status token_list_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct token_page page = {.arena = &request->arena, .person_id = request_person(request)};
    enum status status = store_read(request_store(request), token_page_read, &page, error);
    json_t *items;

    if (status != LICET_OK)
        return status;
    items = json_array();
    for (uint32_t index = 0; index < page.count; index++)
        json_array_append_new(items, api_token_json(&page.rows[index]));
    return reply_json(reply, json_page(items, 0), error);
}
