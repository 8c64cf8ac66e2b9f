/* An order is fulfilled once: each of its lines is one entitlement of as many seats. */
#include "portal/audit/check.h"

static enum status order_line_check(struct audit *audit, int64_t id, struct error *error)
{
    struct arena arena = audit_rows(audit);
    struct audit_order_line line;
    enum status status = store_audit_order_line(audit->transaction, id, &arena, &line, error);
    bool is_fulfilled;

    if (status != LICET_OK)
        return status;
    is_fulfilled = text_is(line.order_state, "fulfilled");
    if (is_fulfilled != (line.sn.data != NULL)) {
        audit_found(audit, "R6.1", AUDIT_DATABASE,
                    "order %.*s is %.*s, and one of its lines has %s entitlement",
                    TEXT_ARGS(line.order_number), TEXT_ARGS(line.order_state),
                    is_fulfilled ? "no" : "an");
        return LICET_OK;
    }
    if (!is_fulfilled)
        return LICET_OK;
    if (!line.is_same)
        audit_found(audit, "R6.1", AUDIT_DATABASE,
                    "%.*s has another customer or edition than order %.*s that it was bought by",
                    TEXT_ARGS(line.sn), TEXT_ARGS(line.order_number));
    if (line.owned != line.seats)
        audit_found(audit, "INV-1", AUDIT_DATABASE,
                    "OWNED of %.*s is %lld, and order %.*s bought %u seats", TEXT_ARGS(line.sn),
                    (long long)line.owned, TEXT_ARGS(line.order_number), line.seats);
    return LICET_OK;
}

enum status orders_check(struct audit *audit, struct error *error)
{
    return audit_each(audit, AUDIT_ORDER_LINES, &audit->summary->order_lines, order_line_check,
                      error);
}
