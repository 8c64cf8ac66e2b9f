/* FEATURES, LEASES and DENIALS come in pages: `[CURSOR c] [LIMIT n]`, and the reply is `[next cursor or
 * null, rows]`. */
#ifndef LICET_SERVER_COMMANDS_PAGE_H
#define LICET_SERVER_COMMANDS_PAGE_H

#include "server/connection.h"

#define PAGE_ROWS 100u /* of a page that names no limit */
/* A row of LEASES has at most 6 names of 64 bytes and 8 numbers: 700 bytes with their headers, so
 * that 1,000 rows stay under SCRATCH_BYTES_MAX. */
#define PAGE_ROWS_MAX 1000u

#define PAGE_USAGE "[VENDOR v] [FEATURE f] [CURSOR c] [LIMIT n]"

struct page {
    name_id vendor, feature; /* 0: all; UINT32_MAX: a name that nobody here has */
    uint64_t cursor;
    uint32_t rows_max;
};

enum status page_parse(struct command_call *call, struct page *ret_page, struct error *error);
/* R10.1: one page is one slice of the loop. `next` writes a row to the call's reply, or pauses when
 * *places places have been looked at. Sets call->waits_for_report where it is not the connection's
 * turn. */
enum status page_run(struct command_call *call,
                     enum seat_walk (*next)(struct command_call *call, struct page *page,
                                            uint32_t *places),
                     struct page *page, struct error *error);

/* A key of a row with its value. A name that has no id, or was forgotten, is null. */
void page_write_text(struct command_call *call, const char *key, struct text value);
void page_write_name(struct command_call *call, const char *key, name_id id);
void page_write_number(struct command_call *call, const char *key, int64_t value);

#endif
