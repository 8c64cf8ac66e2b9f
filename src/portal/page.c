#include "portal/page.h"

enum status page_read(const struct request *request, const char *cursor, int64_t *ret_cursor,
                      uint32_t *ret_limit, struct error *error)
{
    int64_t place = 0, limit = PAGE_MAX;
    enum status status = request_query_int(request, cursor, 0, INT64_MAX, &place, error);

    if (status == LICET_OK)
        status = request_query_int(request, "limit", 1, PAGE_MAX, &limit, error);
    if (status != LICET_OK)
        return status;
    *ret_cursor = place;
    *ret_limit = (uint32_t)limit;
    return LICET_OK;
}
