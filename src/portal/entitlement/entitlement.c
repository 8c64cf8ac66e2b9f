#include "portal/entitlement/entitlement.h"

#include <sodium.h>

#include "license/code.h"
#include "store/ledger.h"

#define SN_BYTES 32

enum status entitlement_make(struct db_transaction *transaction, const struct order *order,
                             const struct order_line *line, uint32_t index, struct unix_time now,
                             struct error *error)
{
    uint8_t random[CODE_RANDOM_BYTES];
    struct license_code code;
    char place[SN_BYTES];
    struct buf sn = buf_over(place, sizeof(place));
    struct entitlement entitlement = {.order_line_id = line->id,
                                      .customer_id = order->customer_id,
                                      .edition_id = line->edition_id,
                                      .maintenance = line->maintenance,
                                      .expiry = line->expiry,
                                      .created = now};
    struct transfer bought = {.from.kind = ACCOUNT_OWNED,
                              .to.kind = ACCOUNT_AVAILABLE,
                              .seats = line->seats,
                              .act = "fulfil",
                              .at = now};
    enum status status;

    randombytes_buf(random, sizeof(random));
    code = license_code_make(random);
    buf_printf(&sn, "LA-%.*s-%u", TEXT_ARGS(text_skip(order->number, 2)), index);
    entitlement.sn = buf_text(&sn);
    entitlement.code = text_of(code.text);
    status = store_entitlement_insert(transaction, &entitlement, &bought.entitlement_id, error);
    if (status == LICET_OK)
        status = store_ledger_transfer(transaction, &bought, error);
    return status;
}

static bool is_among(int64_t id, const int64_t *ids, size_t count)
{
    while (count > 0 && ids[count - 1] != id)
        count--;
    return count > 0;
}

enum status entitlement_activate(struct db_transaction *transaction, struct text code,
                                 const int64_t *customer_ids, size_t customers_count,
                                 struct unix_time now, struct arena *arena,
                                 struct entitlement *ret_entitlement, struct error *error)
{
    struct license_code canonical;
    struct entitlement entitlement;
    enum status status = license_code_parse(code, &canonical, error);

    if (status != LICET_OK)
        return status;
    status = store_entitlement_find_code(transaction, text_of(canonical.text), arena, &entitlement,
                                         error);
    if (status == LICET_NOT_FOUND ||
        (status == LICET_OK && !is_among(entitlement.customer_id, customer_ids, customers_count)))
        return error_set(error, LICET_NOT_FOUND,
                         "no order of your organisation has this license code: compare it with the "
                         "confirmation mail, or ask the partner for whom the order was placed");
    if (status == LICET_OK && entitlement.state == ENTITLEMENT_ISSUED)
        status = store_entitlement_activate(transaction, entitlement.id, now, error);
    if (status == LICET_OK)
        status = store_entitlement_get(transaction, entitlement.id, arena, ret_entitlement, error);
    return status;
}
