/* Requests: what a site wants, with the receipt of what it has (R5). */
#include <stddef.h>

#include "license/exchange.h"
#include "license/server_text.h"

static enum status act_fail(const struct request_act *act, const char *what, struct error *error)
{
    return error_set(error, LICET_INVALID, "ACT %u: %s", act->number, what);
}

/* Which fields each kind of act wants and which it may not have. */
static enum status act_check(const struct request_act *act, struct error *error)
{
    bool wants_code = act->kind == ACT_ACTIVATE;
    bool wants_sn = act->kind == ACT_RENEW || act->kind == ACT_SURRENDER;
    bool wants_number = act->kind == ACT_SURRENDER;
    bool may_have_seats = act->kind == ACT_ACTIVATE || act->kind == ACT_SURRENDER;

    if (wants_code != (act->code.size > 0))
        return act_fail(act, "code= belongs to activate, and to it alone", error);
    if (wants_sn != (act->sn.size > 0))
        return act_fail(act, "sn= belongs to renew and surrender, and to them alone", error);
    if (wants_number != (act->surrender > 0) || (wants_number && act->seats == 0))
        return act_fail(act, "seats= and surrender= belong to surrender", error);
    if (!may_have_seats && act->seats > 0)
        return act_fail(act, "seats= belongs to activate and surrender", error);
    if ((act->kind == ACT_RENAME) != (act->name.size > 0))
        return act_fail(act, "name= belongs to rename, and to it alone", error);
    if ((act->kind == ACT_REKEY) != !hash_is_none(&act->key))
        return act_fail(act, "key= belongs to rekey, and to it alone", error);
    return LICET_OK;
}

static enum status request_check(const struct server_request *request, struct error *error)
{
    const struct request_head *head = &request->head;
    bool has_file = head->generation > 0;
    enum status status = LICET_OK;

    if (has_file != (head->server.size > 0) || has_file != (head->customer.size > 0) ||
        has_file != !hash_is_none(&head->payload) || has_file != (head->epoch > 0) ||
        has_file != !hash_is_none(&head->head))
        return error_set(error, LICET_INVALID,
                         "line 1: server=, customer=, generation=, payload=, epoch= and head= come "
                         "together once a file is installed, or not at all");
    if (!has_file && request->lines_count > 0)
        return error_set(error, LICET_INVALID, "LINE rows without an installed file");
    for (uint32_t index = 0; index < request->acts_count && status == LICET_OK; index++) {
        if (request->acts[index].number != index + 1)
            return act_fail(&request->acts[index], "acts are numbered from 1, in order", error);
        status = act_check(&request->acts[index], error);
    }
    return status;
}

enum status request_read(struct text text, struct arena *arena, struct server_request *ret_request,
                         struct error *error)
{
    struct document_section sections[] = {
        {LINE_REQUEST, 1, 1, 0, NULL},
        {LINE_ACT, 0, REQUEST_ACTS_MAX, 0, NULL},
        {LINE_SEATS, 0, LICENSE_LINES_MAX, 0, NULL},
    };
    struct document_lines lines;
    struct document document;
    struct server_request request;
    enum status status;

    status = server_text_open(text, PURPOSE_REQUEST, arena, &document, &request.key, error);
    if (status == LICET_OK)
        status = document_parse(document.payload, 1, sections, 3, false, arena, &lines, error);
    if (status != LICET_OK)
        return status;
    memcpy(&request.head, sections[0].items, sizeof(request.head));
    request.acts = sections[1].items;
    request.acts_count = sections[1].count;
    request.lines = sections[2].items;
    request.lines_count = sections[2].count;
    request.payload_hash = hash_of(document.payload);
    status = server_text_check_key(&request.head.key, &request.key, error);
    if (status == LICET_OK)
        status = request_check(&request, error);
    if (status == LICET_OK)
        status = document_check_unique(&lines, LINE_SEATS, offsetof(struct receipt_line, sn), arena,
                                       error);
    if (status == LICET_OK)
        *ret_request = request;
    return status;
}

enum status request_sign(const struct server_request *request, const struct secret_key *key,
                         struct arena *arena, struct buf *buf, struct error *error)
{
    struct request_head head = request->head;
    struct document_section sections[] = {
        {LINE_REQUEST, 1, 1, 1, &head},
        {LINE_ACT, 0, REQUEST_ACTS_MAX, request->acts_count, request->acts},
        {LINE_SEATS, 0, LICENSE_LINES_MAX, request->lines_count, request->lines},
    };
    struct document_lines lines;
    size_t start = buf->size;
    struct server_request again;
    enum status status;

    status = document_arrange(sections, 3, arena, &lines, error);
    if (status == LICET_OK)
        status = server_text_sign(&lines, key, PURPOSE_REQUEST, buf, error);
    if (status != LICET_OK)
        return status;
    return request_read(text_skip(buf_text(buf), start), arena, &again, error);
}
