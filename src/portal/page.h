/* Lists, a page at a time: ?limit= rows by their ids, from a cursor on, which is the last id (or what
 * else the list goes by) of the page before. */
#ifndef LICET_PORTAL_PAGE_H
#define LICET_PORTAL_PAGE_H

#include <jansson.h>

#include "portal/request.h"

#define PAGE_ROWS_MAX 100

struct page {
    struct arena *arena;
    const void *context; /* whose list, and which of it: the act's own */
    int64_t cursor;      /* 0: from the beginning */
    uint32_t max, count; /* rows that there is room for; that were read */
    void *rows;
};

struct page_kind {
    const char *cursor; /* in the query: "after", or "before" where the newest comes first */
    const char *by;     /* the number of a row that the list goes by: "id" */
    size_t row_bytes;
    /* A store_read() whose context is the page: fills rows and count. */
    enum status (*read)(struct db_transaction *transaction, void *page, struct error *error);
    json_t *(*row_json)(const void *row);
};

/* The cursor and ?limit=. */
enum status page_query(const struct request *request, const char *cursor, int64_t *ret_cursor,
                       uint32_t *ret_limit, struct error *error);

/* Reads one row more than is shown: it tells whether there are more. */
enum status page_reply(struct request *request, struct reply *reply, const struct page_kind *kind,
                       const void *context, struct error *error);

#endif
