#include "portal/order/order_view.h"

#include "base/limits.h"
#include "portal/mail/mail.h"
#include "portal/portal.h"
#include "portal/reply.h"
#include "store/outbox.h"
#include "store/store.h"

#define MAILS_SHOWN_MAX 10 /* the newest */

struct order_found {
    struct arena *arena;
    int64_t id;
    bool with_rest; /* lines and mails */
    struct order row;
    struct order_line lines[ORDER_LINES_MAX];
    struct mail mails[MAILS_SHOWN_MAX];
    uint32_t lines_count, mails_count;
};

static enum status order_find(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    struct order_found *found = context;
    enum status status = store_order_get(transaction, found->id, found->arena, &found->row, error);

    if (status == LICET_OK && found->with_rest)
        status = store_order_lines(transaction, found->id, ORDER_LINES_MAX, found->arena,
                                   found->lines, &found->lines_count, error);
    if (status == LICET_OK && found->with_rest)
        status = store_outbox_list_order(transaction, found->id, MAILS_SHOWN_MAX, found->arena,
                                         found->mails, &found->mails_count, error);
    return status;
}

enum status order_authorise(struct request *request, unsigned int roles, int64_t *ret_id,
                            struct error *error)
{
    struct order_found found = {.arena = request_arena(request)};
    enum status status = request_path_int(request, "order", &found.id, error);
    int64_t mine;

    if (status == LICET_OK)
        status = store_read(request_store(request), order_find, &found, error);
    if (status != LICET_OK)
        return status;
    mine = request_roles(request, found.row.partner_id) != 0 ? found.row.partner_id
                                                             : found.row.customer_id;
    status = request_require(request, roles, mine, "such order", error);
    if (status == LICET_OK)
        *ret_id = found.id;
    return status;
}

/* ---- JSON */

json_t *order_json(const void *row)
{
    const struct order *order = row;

    return json_pack(
        "{s:I, s:o, s:I, s:I, s:I, s:o, s:o, s:s, s:o, s:o, s:o}", "id", (json_int_t)order->id,
        "number", json_of_text(order->number), "partner", (json_int_t)order->partner_id, "customer",
        (json_int_t)order->customer_id, "agreement", (json_int_t)order->agreement_id, "po_number",
        json_of_text(order->po_number), "contact", json_of_text(order->contact), "state",
        order_state_name(order->state), "reason", json_of_text(order->reason), "created",
        json_of_time(order->created), "changed", json_of_time(order->changed));
}

static json_t *line_json(const struct order_line *line)
{
    return json_pack("{s:I, s:I, s:I, s:o, s:o}", "id", (json_int_t)line->id, "edition",
                     (json_int_t)line->edition_id, "seats", (json_int_t)line->seats, "maintenance",
                     json_of_text(line->maintenance), "expiry", json_of_text(line->expiry));
}

/* What the mail server said names machines of the vendor: staff alone is told, and others that there
 * is something to ask. */
static json_t *mail_problem_json(const struct mail *mail, bool is_staff)
{
    if (is_staff || mail->problem.data == NULL)
        return json_of_text(mail->problem);
    return json_string("it could not be sent: the vendor's staff sees why");
}

static json_t *mail_json(const struct mail *mail, bool is_staff)
{
    return json_pack("{s:o, s:s, s:I, s:o, s:o, s:o}", "recipient", json_of_text(mail->recipient),
                     "state", mail_state_name(mail->state), "attempts", (json_int_t)mail->attempts,
                     "problem", mail_problem_json(mail, is_staff), "created",
                     json_of_time(mail->created), "sent", json_of_time(mail->sent));
}

enum status order_full_json(struct request *request, int64_t id, json_t **ret_json,
                            struct error *error)
{
    struct order_found found = {.arena = request_arena(request), .id = id, .with_rest = true};
    json_t *json, *lines = json_array(), *mails = json_array();
    enum status status = store_read(request_store(request), order_find, &found, error);

    if (status == LICET_OK) {
        for (uint32_t index = 0; index < found.lines_count; index++)
            json_array_append_new(lines, line_json(&found.lines[index]));
        for (uint32_t index = 0; index < found.mails_count; index++)
            json_array_append_new(mails, mail_json(&found.mails[index], request_is_staff(request)));
        json = order_json(&found.row);
        json_object_set(json, "lines", lines);
        json_object_set(json, "mails", mails);
        *ret_json = json;
    }
    json_decref(lines);
    json_decref(mails);
    return status;
}

enum status order_reply(struct request *request, struct reply *reply, int64_t id,
                        struct error *error)
{
    json_t *json;
    enum status status = order_full_json(request, id, &json, error);

    return status == LICET_OK ? reply_json(reply, json, error) : status;
}

void order_wake_mailer(const struct request *request)
{
    struct mailer *mailer = portal_mailer(request_portal(request));

    if (mailer != NULL)
        mailer_wake(mailer);
}
