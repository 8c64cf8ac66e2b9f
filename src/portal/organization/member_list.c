/* GET /api/organizations/{organization}/people?after=&limit=: who belongs to it, a row a role. */
#include "portal/organization/organization.h"
#include "portal/page.h"
#include "portal/reply.h"
#include "store/store.h"

struct member_rows {
    struct arena *arena;
    int64_t organization_id, after;
    uint32_t limit, count;
    /* Limit: all roles of the last person of a page, and one more to tell whether there are more. */
    struct member rows[PAGE_ROWS_MAX + MEMBER_ROLES_COUNT];
};

static enum status member_rows_read(struct db_transaction *transaction, void *context,
                                    struct error *error)
{
    struct member_rows *page = context;

    return store_member_list(transaction, page->organization_id, page->after,
                             page->limit + MEMBER_ROLES_COUNT, page->arena, page->rows,
                             &page->count, error);
}

static json_t *member_json(const struct member *member)
{
    return json_pack("{s:I, s:o, s:o, s:s, s:s, s:o}", "person", (json_int_t)member->person.id,
                     "email", json_of_text(member->person.email), "name",
                     json_of_text(member->person.name), "role", member_role_name(member->role),
                     "state", member->has_password ? "active" : "invited", "created",
                     json_of_time(member->person.created));
}

/* The end of a page, where the next person begins. */
static uint32_t member_page_end(const struct member_rows *page)
{
    uint32_t end = page->limit;

    while (end < page->count && page->rows[end].person.id == page->rows[end - 1].person.id)
        end++;
    return end < page->count ? end : page->count;
}

enum status member_list_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct member_rows page = {.arena = request_arena(request)};
    enum status status = request_path_int(request, "organization", &page.organization_id, error);
    json_t *items;
    uint32_t end;

    if (status == LICET_OK)
        status = request_require(request, ROLE_STAFF | ROLE_PARTNER | ROLE_ADMINISTRATOR,
                                 page.organization_id, "such organisation", error);
    if (status == LICET_OK)
        status = page_query(request, "after", &page.after, &page.limit, error);
    if (status == LICET_OK)
        status = store_read(request_store(request), member_rows_read, &page, error);
    if (status != LICET_OK)
        return status;
    items = json_array();
    end = member_page_end(&page);
    for (uint32_t index = 0; index < end; index++)
        json_array_append_new(items, member_json(&page.rows[index]));
    return reply_json(reply, json_page(items, end < page.count ? page.rows[end - 1].person.id : 0),
                      error);
}
