/* POST /api/orders {partner, customer_number, agreement_number, po_number, contact, lines: [{edition,
 * seats, maintenance, expiry}]}: a draft, placed by `partner`, an organisation of the caller's. */
#include "portal/order/order.h"
#include "portal/order/order_view.h"
#include "portal/reply.h"

#define ORDER_NUMBER_BYTES_MAX 32   /* as typed, with blanks and hyphens */
#define ORDER_CONTACT_BYTES_MAX 254 /* RFC 5321, 4.5.3.1.3 */

struct order_placing {
    struct arena *arena;
    struct order_form form;
    struct order_line lines[ORDER_LINES_MAX];
};

static enum status order_store(struct db_transaction *transaction, void *context,
                               int64_t *ret_resource, struct error *error)
{
    const struct order_placing *placing = context;

    return order_place(transaction, &placing->form, placing->arena, ret_resource, error);
}

static bool line_is_day(struct text text, const char *never)
{
    struct date date;

    return text_is(text, never) || date_parse(text, &date, NULL) == LICET_OK;
}

static enum status line_read(json_t *json, struct order_line *line, uint32_t number,
                             struct error *error)
{
    const char *maintenance, *expiry;
    json_int_t edition, seats;

    if (json_unpack_ex(json, NULL, JSON_STRICT, "{s:I, s:I, s:s, s:s}", "edition", &edition,
                       "seats", &seats, "maintenance", &maintenance, "expiry", &expiry) != 0 ||
        seats < 1 || seats > SEATS_MAX || !line_is_day(text_of(maintenance), "none") ||
        !line_is_day(text_of(expiry), "permanent"))
        return error_set(error, LICET_INVALID,
                         "line %u must have \"edition\", a number; \"seats\", 1 to %u; "
                         "\"maintenance\", a date or none; \"expiry\", a date or permanent",
                         number, SEATS_MAX);
    *line = (struct order_line){.edition_id = edition,
                                .seats = (uint32_t)seats,
                                .maintenance = text_of(maintenance),
                                .expiry = text_of(expiry)};
    return LICET_OK;
}

static enum status lines_read(const struct request *request, struct order_placing *placing,
                              struct error *error)
{
    const json_t *lines = json_object_get(request_json(request), "lines");
    size_t count = json_array_size(lines);
    enum status status = LICET_OK;

    if (count == 0 || count > ORDER_LINES_MAX)
        return error_set(error, LICET_INVALID, "\"lines\" must be a list of 1 to %u lines",
                         ORDER_LINES_MAX);
    for (uint32_t index = 0; status == LICET_OK && index < count; index++)
        status = line_read(json_array_get(lines, index), &placing->lines[index], index + 1, error);
    placing->form.lines = placing->lines;
    placing->form.lines_count = (uint32_t)count;
    return status;
}

static enum status order_read(const struct request *request, struct order_placing *placing,
                              struct error *error)
{
    struct order_form *form = &placing->form;
    enum status status = request_json_only(
        request, "partner customer_number agreement_number po_number contact lines", error);

    if (status == LICET_OK)
        status = request_json_int(request, "partner", 1, INT64_MAX, &form->partner_id, error);
    if (status == LICET_OK)
        status = request_json_text(request, "customer_number", 1, ORDER_NUMBER_BYTES_MAX,
                                   &form->customer_number, error);
    if (status == LICET_OK)
        status = request_json_text(request, "agreement_number", 1, ORDER_NUMBER_BYTES_MAX,
                                   &form->agreement_number, error);
    if (status == LICET_OK)
        status =
            request_json_text(request, "po_number", 1, NAME_MAX_BYTES, &form->po_number, error);
    if (status == LICET_OK)
        status = request_json_text(request, "contact", 1, ORDER_CONTACT_BYTES_MAX, &form->contact,
                                   error);
    return status == LICET_OK ? lines_read(request, placing, error) : status;
}

enum status order_create_handle(struct request *request, struct reply *reply, struct error *error)
{
    struct order_placing placing = {.arena = request_arena(request),
                                    .form = {.now = request_time(request)}};
    int64_t id = 0;
    json_t *json = NULL;
    enum status status = order_read(request, &placing, error);

    /* Security: who could name another's organisation would place orders in its name. */
    if (status == LICET_OK)
        status = request_require(request, ROLE_STAFF | ROLE_PARTNER, placing.form.partner_id,
                                 "such organisation", error);
    if (status == LICET_OK)
        status = request_act(request, order_store, &placing, &id, error);
    if (status == LICET_OK)
        status = order_full_json(request, id, &json, error);
    return status == LICET_OK ? reply_created(reply, "/api/orders", id, json, error) : status;
}
