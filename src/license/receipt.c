/* Receipts: what is installed at a server, and what is still held over (R5.1). */
#include <stddef.h>

#include "license/exchange.h"
#include "license/server_text.h"

enum status receipt_read(struct text text, struct arena *arena, struct receipt *ret_receipt,
                         struct error *error)
{
    struct document_section sections[] = {
        {LINE_RECEIPT, 1, 1, 0, NULL},
        {LINE_SEATS, 0, LICENSE_LINES_MAX, 0, NULL},
    };
    struct document_lines lines;
    struct document document;
    struct receipt receipt;
    enum status status;

    status = server_text_open(text, PURPOSE_RECEIPT, arena, &document, &receipt.key, error);
    if (status == LICET_OK)
        status = document_parse(document.payload, 1, sections, 2, false, arena, &lines, error);
    if (status == LICET_OK)
        status = document_check_unique(&lines, LINE_SEATS, offsetof(struct receipt_line, sn), arena,
                                       error);
    if (status != LICET_OK)
        return status;
    memcpy(&receipt.head, sections[0].items, sizeof(receipt.head));
    status = server_text_check_key(&receipt.head.key, &receipt.key, error);
    if (status != LICET_OK)
        return status;
    receipt.lines = sections[1].items;
    receipt.lines_count = sections[1].count;
    receipt.payload_hash = hash_of(document.payload);
    *ret_receipt = receipt;
    return LICET_OK;
}

enum status receipt_sign(const struct receipt *receipt, const struct secret_key *key,
                         struct arena *arena, struct buf *buf, struct error *error)
{
    struct receipt_head head = receipt->head;
    struct document_section sections[] = {
        {LINE_RECEIPT, 1, 1, 1, &head},
        {LINE_SEATS, 0, LICENSE_LINES_MAX, receipt->lines_count, receipt->lines},
    };
    struct document_lines lines;
    size_t start = buf->size;
    struct receipt again;
    enum status status;

    status = document_arrange(sections, 2, arena, &lines, error);
    if (status == LICET_OK)
        status = server_text_sign(&lines, key, PURPOSE_RECEIPT, buf, error);
    if (status != LICET_OK)
        return status;
    return receipt_read(text_skip(buf_text(buf), start), arena, &again, error);
}
