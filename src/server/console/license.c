/*
 * POST /license/preview: what a file would change, line by line; nothing is changed.
 * POST /license/install?hash=SHA256:...: installs exactly the file that was previewed. Without the
 * hash it is an unattended installation, which is refused where anything shrinks (R4.2).
 */
#include "base/log.h"
#include "server/console/console.h"

static const char *license_change_kind(const struct installation_change *change)
{
    if (change->old_line == NULL)
        return "new";
    if (change->new_line == NULL)
        return "removed";
    return change->is_shrinking ? "shrinks" : "kept";
}

/* Why the line serves nobody by its dates; nothing where it does. */
static void license_add_dates(const struct license_increment *line, struct unix_time now,
                              struct buf *buf)
{
    int64_t expiry = license_increment_expiry(line);

    if (license_increment_has_ended(line, now)) {
        bool is_expired = expiry != 0 && now.s >= expiry;

        buf_add_string(buf, is_expired ? "has ended: expiry=" : "has ended: refresh-by=");
        date_print((struct date){(int32_t)(is_expired ? line->expiry : line->refresh_by)}, buf);
    } else if (license_increment_start(line) > now.s) {
        buf_add_string(buf, "has not begun: start=");
        date_print((struct date){(int32_t)line->start}, buf);
    }
}

/* Why the new line serves nobody, or what of it is not served; NULL where there is nothing to say.
 */
static json_t *license_remark(const struct server *server, const struct installation *installation,
                              const struct installation_change *change)
{
    char place[ERROR_TEXT_MAX];
    struct buf buf = buf_over(place, sizeof(place));

    if (change->new_line == NULL)
        return NULL;
    license_increment_why(&installation->license, change->new_line, &server->key, &buf);
    if (buf.size == 0)
        license_add_dates(change->new_line, server->now.utc, &buf);
    if (buf.size == 0) {
        license_increment_not_served(change->new_line, &buf);
        if (buf.size > 0) {
            char fields[ERROR_TEXT_MAX];
            struct buf list = buf_over(fields, sizeof(fields));

            buf_add_string(&list, "not served yet: ");
            buf_add_text(&list, buf_text(&buf));
            return console_json_text(buf_text(&list));
        }
    }
    return buf.size == 0 ? NULL : console_json_text(buf_text(&buf));
}

static json_t *license_changes(const struct server *server, const struct installation *installation)
{
    json_t *changes = json_array();

    for (uint32_t index = 0; index < installation->changes_count; index++) {
        const struct installation_change *change = &installation->changes[index];

        json_array_append_new(changes, json_pack("{s:s, s:o, s:o, s:I, s:I, s:o*}", "change",
                                                 license_change_kind(change), "sn",
                                                 console_json_text(change->sn), "feature",
                                                 console_json_text(change->feature), "seats_now",
                                                 (json_int_t)change->old_seats, "seats_then",
                                                 (json_int_t)change->new_seats, "remark",
                                                 license_remark(server, installation, change)));
    }
    return changes;
}

static json_t *license_warnings(const struct installation *installation)
{
    json_t *warnings = json_array();

    if (installation->license.had_carriage_returns || installation->license.had_trailing_blanks)
        json_array_append_new(
            warnings,
            json_string("mail or an editor changed line ends of this file; that was put right"));
    if (installation->license.lines.unknown_count > 0)
        json_array_append_new(
            warnings,
            json_string("the file has lines that need a newer licetd; they are disabled"));
    if (installation->is_other_customer)
        json_array_append_new(
            warnings, json_string("the file is for another customer than the installed one"));
    return warnings;
}

static json_t *license_answer(const struct server *server, const struct installation *installation)
{
    return json_pack("{s:o, s:s, s:i, s:i, s:o, s:b, s:b, s:o, s:o}", "hash",
                     console_json_hash(&installation->license.payload_hash), "vendor",
                     installation->vendor->options->name, "generation",
                     (int)installation->license.head.generation, "installed_generation",
                     (int)installation->installed_generation, "customer",
                     console_json_text(installation->license.head.customer), "already_installed",
                     installation->is_installed_already, "shrinks", installation->shrinks,
                     "changes", license_changes(server, installation), "warnings",
                     license_warnings(installation));
}

void license_preview_handle(struct http_exchange *exchange)
{
    struct server *server = http_context(exchange);
    struct installation installation;
    struct error error = {0};
    enum status status = installation_prepare(server, http_body(exchange), &installation, &error);
    json_t *answer = status == LICET_OK ? license_answer(server, &installation) : NULL;

    if (status == LICET_OK)
        status = console_drain(server, &installation, answer, &error);
    if (status == LICET_OK) {
        console_answer_json(exchange, answer);
    } else {
        json_decref(answer);
        console_refuse(exchange, "license.refused", "preview", status, &error);
    }
    installation_finish(&installation);
}

/* ---- installing ---- */

struct license_wait {
    struct http_exchange *exchange;
    struct hash replaced; /* the file that is not needed once the new one is durable */
    struct vendor *vendor;
    struct hash response; /* that brought the file, or none */
    json_t *answer;
};

static void license_installed(void *context)
{
    struct license_wait *wait = context;
    struct server *server = http_context(wait->exchange);
    struct error error = {0};
    enum status status;

    if (!hash_is_none(&wait->replaced))
        state_forget_license(server, &wait->replaced);
    status = response_accept(server, wait->vendor, &wait->response, &error);
    if (status != LICET_OK) /* the file serves; the portal sends the same response again */
        log_warning("response.unnamed", "vendor=%s cause=\"%s\"", wait->vendor->options->name,
                    error_text(&error, status));
    console_answer_json(wait->exchange, wait->answer);
    free(wait);
}

static enum status license_check_confirmation(const struct http_exchange *exchange,
                                              const struct installation *installation,
                                              struct error *error)
{
    bool is_confirmed;
    enum status status =
        console_check_hash(exchange, &installation->license.payload_hash, &is_confirmed, error);

    if (status == LICET_OK && !is_confirmed && installation->shrinks)
        status = error_set(error, LICET_SHRINKS,
                           "generation %u takes something away; look at the preview and confirm it "
                           "by its hash",
                           installation->license.head.generation);
    return status;
}

static enum status license_install(struct http_exchange *exchange,
                                   struct installation *installation, struct error *error)
{
    struct server *server = http_context(exchange);
    struct license_wait *wait = calloc(1, sizeof(*wait));
    enum status status = LICET_OK;

    if (wait == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to install a file");
    wait->exchange = exchange;
    wait->vendor = installation->vendor;
    wait->response = installation->response_hash;
    wait->answer = license_answer(server, installation);
    if (!installation->is_installed_already)
        status =
            installation_commit(server, installation, console_by(exchange), &wait->replaced, error);
    else /* R4.1: who lost the receipt, or the file, has it again */
        status = exchange_add_receipt(server, installation->vendor, wait->answer, error);
    if (status != LICET_OK) {
        json_decref(wait->answer);
        free(wait);
        return status;
    }
    http_defer(exchange);
    server_when_durable(server, license_installed, wait);
    return LICET_OK;
}

void license_install_handle(struct http_exchange *exchange)
{
    struct server *server = http_context(exchange);
    struct installation installation;
    struct error error = {0};
    enum status status = installation_prepare(server, http_body(exchange), &installation, &error);

    if (status == LICET_OK)
        status = license_check_confirmation(exchange, &installation, &error);
    if (status == LICET_OK)
        status = license_install(exchange, &installation, &error);
    if (status != LICET_OK)
        console_refuse(exchange, "license.refused", "install", status, &error);
    installation_finish(&installation);
}
