/* GET /api/organizations?after=&limit=: all for staff, else those one belongs to. */
#include "portal/organization/organization.h"
#include "portal/page.h"
#include "portal/reply.h"
#include "store/store.h"

struct organization_rows {
    struct arena *arena;
    int64_t person_id, after;
    uint32_t limit, count;
    struct organization rows[PAGE_MAX + 1]; /* one more tells whether there are more */
};

static enum status organization_rows_read(struct db_transaction *transaction, void *context,
                                          struct error *error)
{
    struct organization_rows *page = context;

    return store_organization_list(transaction, page->person_id, page->after, page->limit + 1,
                                   page->arena, page->rows, &page->count, error);
}

enum status organization_list_handle(struct request *request, struct reply *reply,
                                     struct error *error)
{
    struct organization_rows page = {.arena = request_arena(request),
                                     .person_id =
                                         request_is_staff(request) ? 0 : request_person(request)};
    enum status status = page_read(request, "after", &page.after, &page.limit, error);
    json_t *items;
    bool has_more;

    if (status == LICET_OK)
        status = store_read(request_store(request), organization_rows_read, &page, error);
    if (status != LICET_OK)
        return status;
    items = json_array();
    has_more = page.count > page.limit;
    for (uint32_t index = 0; index < page.count && index < page.limit; index++)
        json_array_append_new(items, organization_json(&page.rows[index]));
    return reply_json(reply, json_page(items, has_more ? page.rows[page.limit - 1].id : 0), error);
}
