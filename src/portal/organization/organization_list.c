/* GET /api/organizations?after=&limit=: all for staff, else those one belongs to. */
#include "portal/organization/organization.h"
#include "portal/reply.h"
#include "store/store.h"

static enum status organization_rows_read(struct db_transaction *transaction, void *context,
                                          struct error *error)
{
    struct page *page = context;
    const int64_t *person_id = page->context;

    return store_organization_list(transaction, *person_id, page->cursor, page->max, page->arena,
                                   page->rows, &page->count, error);
}

static const struct page_kind organization_page_kind = {"after", "id", sizeof(struct organization),
                                                        organization_rows_read, organization_json};

enum status organization_list_handle(struct request *request, struct reply *reply,
                                     struct error *error)
{
    int64_t person_id = request_is_staff(request) ? 0 : request_person(request);

    return page_reply(request, reply, &organization_page_kind, &person_id, error);
}
