/* Placing an order. */
#include "portal/mail/mail.h"
#include "portal/number.h"
#include "portal/order/order.h"
#include "store/agreement.h"
#include "store/catalog.h"
#include "store/organization.h"

/* Seats that end before they are bought help nobody: a year was mistyped. */
static enum status expiry_check(struct text expiry, struct date today, struct error *error)
{
    struct date date;
    char place[16];
    struct buf day = buf_over(place, sizeof(place));
    enum status status;

    if (text_is(expiry, "permanent"))
        return LICET_OK;
    status = date_parse(expiry, &date, error);
    if (status != LICET_OK || date.days >= today.days)
        return status;
    date_print(today, &day);
    return error_set(error, LICET_INVALID,
                     "the seats of a line would end on %.*s, and today is %.*s already: who places "
                     "the order gives a later expiry, or permanent",
                     TEXT_ARGS(expiry), TEXT_ARGS(buf_text(&day)));
}

static enum status line_check(struct db_transaction *transaction, const struct order_line *line,
                              struct date today, struct arena *arena, struct error *error)
{
    struct edition edition;
    struct date date;
    enum status status = store_edition_get(transaction, line->edition_id, arena, &edition, error);

    if (status != LICET_OK)
        return status;
    if (line->seats == 0 || line->seats > SEATS_MAX)
        return error_set(error, LICET_INVALID, "a line of an order has 1 to %u seats",
                         (unsigned)SEATS_MAX);
    if (!text_is(line->maintenance, "none"))
        status = date_parse(line->maintenance, &date, error);
    return status == LICET_OK ? expiry_check(line->expiry, today, error) : status;
}

static enum status lines_check(struct db_transaction *transaction, const struct order_form *form,
                               struct arena *arena, struct error *error)
{
    enum status status = LICET_OK;

    if (form->lines_count == 0 || form->lines_count > ORDER_LINES_MAX)
        return error_set(error, LICET_INVALID, "an order has 1 to %u lines",
                         (unsigned)ORDER_LINES_MAX);
    for (uint32_t i = 0; status == LICET_OK && i < form->lines_count; i++)
        status = line_check(transaction, &form->lines[i], unix_time_date(form->now), arena, error);
    return status;
}

/* One answer for numbers that nobody has and numbers that do not belong together: nobody learns
 * here who is a customer. */
static enum status order_find_agreement(struct db_transaction *transaction,
                                        const struct order_form *form, struct arena *arena,
                                        struct agreement *ret_agreement, struct error *error)
{
    struct number customer, agreement;
    enum status status = number_parse_digits(form->customer_number, 'C', &customer, error);

    if (status == LICET_OK)
        status = number_parse_digits(form->agreement_number, 'R', &agreement, error);
    if (status != LICET_OK)
        return status;
    status = store_agreement_find(transaction, text_of(agreement.text), text_of(customer.text),
                                  arena, ret_agreement, error);
    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_NOT_FOUND,
                         "%s is not an agreement of %s: the customer finds both numbers on its "
                         "first page",
                         agreement.text, customer.text);
    return status;
}

/* A partner places for its customers, and a customer for itself. */
static enum status order_check_partner(struct db_transaction *transaction,
                                       const struct order_form *form,
                                       const struct agreement *agreement, struct arena *arena,
                                       struct error *error)
{
    struct organization partner;
    enum status status =
        store_organization_get(transaction, form->partner_id, arena, &partner, error);

    if (status == LICET_OK && partner.kind != ORGANIZATION_PARTNER &&
        partner.id != agreement->customer_id)
        return error_set(error, LICET_INVALID,
                         "an order is placed by a partner, or by the customer itself");
    return status;
}

enum status order_place(struct db_transaction *transaction, const struct order_form *form,
                        struct arena *arena, int64_t *ret_id, struct error *error)
{
    struct agreement agreement;
    int64_t id = 0;
    enum status status = order_find_agreement(transaction, form, arena, &agreement, error);

    if (status == LICET_OK && !agreement.is_active)
        status = error_set(error, LICET_CONFLICT,
                           "agreement %.*s has ended: the vendor's staff can make a new one",
                           TEXT_ARGS(agreement.number));
    if (status == LICET_OK)
        status = order_check_partner(transaction, form, &agreement, arena, error);
    if (status == LICET_OK)
        status = mail_address_check(form->contact, error);
    if (status == LICET_OK)
        status = lines_check(transaction, form, arena, error);
    for (int draw = 0; status == LICET_OK && id == 0 && draw < NUMBER_DRAWS_MAX; draw++) {
        struct number number = number_draw_letters('O');
        struct order order = {.number = text_of(number.text),
                              .partner_id = form->partner_id,
                              .customer_id = agreement.customer_id,
                              .agreement_id = agreement.id,
                              .po_number = form->po_number,
                              .contact = form->contact,
                              .created = form->now};

        status =
            store_order_insert(transaction, &order, form->lines, form->lines_count, &id, error);
    }
    if (status == LICET_OK && id == 0)
        return error_set(error, LICET_OVER_LIMIT, "no order number is free");
    if (status == LICET_OK)
        *ret_id = id;
    return status;
}
