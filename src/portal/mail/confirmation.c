/* What the confirmation of an order says. */
#include <stdlib.h>

#include "base/limits.h"
#include "portal/mail/mail.h"
#include "store/agreement.h"
#include "store/catalog.h"
#include "store/entitlement.h"
#include "store/order.h"

struct confirmation {
    struct order order;
    struct agreement agreement;
    struct order_line *lines;
    uint32_t lines_count;
};

static void write_head(const struct mail_options *options, const struct mail *mail,
                       const struct order *order, struct buf *message)
{
    struct text site = text_of(options->site);
    char date[64];
    time_t created = (time_t)mail->created.s;
    struct tm parts;

    gmtime_r(&created, &parts);
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &parts);
    buf_printf(message, "Date: %s\r\nFrom: %s\r\nTo: %.*s\r\n", date, options->sender,
               TEXT_ARGS(mail->recipient));
    buf_printf(message, "Subject: Order %.*s: your license codes\r\n", TEXT_ARGS(order->number));
    while (site.size > 0 && text_find(site, '/') < site.size)
        site = text_skip(site, text_find(site, '/') + 1);
    /* The same in every attempt: who gets it twice sees it once. */
    buf_printf(message, "Message-ID: <%lld.%lld@%.*s>\r\n", (long long)mail->id,
               (long long)mail->created.s, TEXT_ARGS(site));
    buf_add_string(message, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                            "Content-Transfer-Encoding: 8bit\r\nAuto-Submitted: auto-generated\r\n"
                            "\r\n");
}

static void write_line(const struct mail_options *options, uint32_t number,
                       const struct order_line *line, const struct edition *edition,
                       const struct entitlement *entitlement, struct buf *message)
{
    buf_printf(message, "%3u  %u seats of %.*s (%.*s), %.*s\r\n", number, line->seats,
               TEXT_ARGS(edition->name), TEXT_ARGS(edition->feature), TEXT_ARGS(entitlement->sn));
    buf_printf(message, "     maintenance: %.*s   expiry: %.*s\r\n", TEXT_ARGS(line->maintenance),
               TEXT_ARGS(line->expiry));
    /* Security: behind the `#`, where it stands in no server's log. */
    buf_printf(message, "     license code: %.*s\r\n     %s/activate#%.*s\r\n\r\n",
               TEXT_ARGS(entitlement->code), options->site, TEXT_ARGS(entitlement->code));
}

static enum status write_lines(struct db_transaction *transaction,
                               const struct mail_options *options,
                               const struct confirmation *confirmation, const struct arena *arena,
                               struct buf *message, struct error *error)
{
    enum status status = LICET_OK;

    for (uint32_t i = 0; status == LICET_OK && i < confirmation->lines_count; i++) {
        const struct order_line *line = &confirmation->lines[i];
        struct arena place = *arena; /* of this line alone */
        struct entitlement entitlement;
        struct edition edition;

        status = store_edition_get(transaction, line->edition_id, &place, &edition, error);
        if (status == LICET_OK)
            status =
                store_entitlement_find_line(transaction, line->id, &place, &entitlement, error);
        if (status == LICET_OK)
            write_line(options, i + 1, line, &edition, &entitlement, message);
    }
    return status;
}

static void write_body(const struct confirmation *confirmation, struct buf *message)
{
    buf_printf(message,
               "Order %.*s is fulfilled.\r\n\r\n"
               "     purchase order: %.*s\r\n     customer: %.*s\r\n     agreement: %.*s\r\n\r\n",
               TEXT_ARGS(confirmation->order.number), TEXT_ARGS(confirmation->order.po_number),
               TEXT_ARGS(confirmation->agreement.customer_number),
               TEXT_ARGS(confirmation->agreement.number));
}

static void write_end(const struct mail_options *options, const struct confirmation *confirmation,
                      struct buf *message)
{
    buf_printf(message,
               "What to do now: a license administrator of %.*s signs in at %s, activates each\r\n"
               "code, allocates seats to a license server, and downloads its license file.\r\n"
               "With the command line: licet activate CODE\r\n\r\n"
               "The codes can be read there at any time, and whoever placed the order can have\r\n"
               "this mail sent again.\r\n",
               TEXT_ARGS(confirmation->agreement.customer_number), options->site);
}

enum status mail_confirmation_write(struct db_transaction *transaction,
                                    const struct mail_options *options, const struct mail *mail,
                                    struct arena *arena, struct buf *message, struct error *error)
{
    struct confirmation confirmation = {
        .lines = arena_take(arena, ORDER_LINES_MAX, sizeof(struct order_line))};
    enum status status;

    if (confirmation.lines == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the lines of an order");
    status = store_order_get(transaction, mail->order_id, arena, &confirmation.order, error);
    if (status == LICET_OK)
        status = store_agreement_get(transaction, confirmation.order.agreement_id, arena,
                                     &confirmation.agreement, error);
    if (status == LICET_OK)
        status = store_order_lines(transaction, mail->order_id, ORDER_LINES_MAX, arena,
                                   confirmation.lines, &confirmation.lines_count, error);
    if (status != LICET_OK)
        return status;
    write_head(options, mail, &confirmation.order, message);
    write_body(&confirmation, message);
    status = write_lines(transaction, options, &confirmation, arena, message, error);
    write_end(options, &confirmation, message);
    if (status == LICET_OK && message->is_full)
        return error_set(error, LICET_TOO_LARGE, "a mail is larger than %d bytes",
                         MAIL_MESSAGE_BYTES_MAX);
    return status;
}
