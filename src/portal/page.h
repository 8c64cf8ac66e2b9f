/* A page of a list, as it is asked for. */
#ifndef LICET_PORTAL_PAGE_H
#define LICET_PORTAL_PAGE_H

#include "portal/request.h"

#define PAGE_MAX 100 /* things on a page; fewer by ?limit= */

/* ?limit=, and the `next` of the page before, which is asked for under the name `cursor`: `after`
 * where a list ascends, `before` where it begins with the newest. 0: the first page. */
enum status page_read(const struct request *request, const char *cursor, int64_t *ret_cursor,
                      uint32_t *ret_limit, struct error *error);

#endif
