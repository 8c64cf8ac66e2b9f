/* FEATURES and LEASES come in pages: `[CURSOR c] [LIMIT n]`, and the reply is `[next cursor or
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
/* Rows are written to the call's reply first; this puts the head before them. */
void page_write(struct command_call *call, size_t rows_start, uint32_t rows_count, bool has_more,
                uint64_t cursor);

#endif
