#include <ctype.h>

#include "portal/allocation/receipt.h"
#include "portal/entitlement/entitlement.h"
#include "portal/exchange/exchange.h"
#include "portal/number.h"
#include "portal/server/server.h"
#include "store/exchange.h"
#include "store/ledger.h"

/* What the acts of one request come to. */
struct taking {
    const struct exchange_form *form;
    struct arena *arena;
    struct server server;
    struct exchange_result *results;
    uint32_t results_count;
    struct issue_line *lines; /* seats to add, ascending by entitlement */
    uint32_t lines_count;
    bool is_renamed;
};

/* ---- the receipt that a request is */

static enum status take_receipt(struct db_transaction *transaction, const struct taking *taking,
                                struct error *error)
{
    const struct server_request *request = taking->form->request;
    struct receipt receipt = {.lines = request->lines,
                              .lines_count = request->lines_count,
                              .key = request->key,
                              .payload_hash = request->payload_hash};
    struct receipt_taken taken;

    if (request->head.generation == 0)
        return LICET_OK;
    receipt.head.vendor = request->head.vendor;
    receipt.head.server = request->head.server;
    receipt.head.customer = request->head.customer;
    receipt.head.key = request->head.key;
    receipt.head.generation = request->head.generation;
    receipt.head.payload = request->head.payload;
    receipt.head.epoch = request->head.epoch;
    receipt.head.counter = request->head.counter;
    receipt.head.head = request->head.head;
    return receipt_take(transaction, &receipt, taking->form->text, &taking->server,
                        taking->form->now, taking->arena, &taken, error);
}

/* ---- acts */

/* What the act was told, for its RESULT line. */
static void take_result(struct taking *taking, uint32_t number, enum status status, struct text sn,
                        uint32_t seats)
{
    const char *word = status_word(status);
    char place[32];
    size_t size = 0;

    for (; size < sizeof(place) && word[size] != '\0'; size++)
        place[size] = (char)tolower((unsigned char)word[size]);
    taking->results[taking->results_count++] =
        (struct exchange_result){.number = number,
                                 .status = arena_copy(taking->arena, text_make(place, size)),
                                 .sn = sn,
                                 .seats = seats};
}

/* The seats that this request adds of an entitlement; its place in the list. */
static struct issue_line *take_line(struct taking *taking, int64_t entitlement_id)
{
    uint32_t at = taking->lines_count;

    for (uint32_t i = 0; i < taking->lines_count; i++) {
        if (taking->lines[i].entitlement_id == entitlement_id)
            return &taking->lines[i];
    }
    for (; at > 0 && taking->lines[at - 1].entitlement_id > entitlement_id; at--)
        taking->lines[at] = taking->lines[at - 1];
    taking->lines[at] = (struct issue_line){.entitlement_id = entitlement_id};
    taking->lines_count++;
    return &taking->lines[at];
}

/* R6.10: everything that is available, or so many seats of it. */
static enum status take_activate(struct db_transaction *transaction, struct taking *taking,
                                 const struct request_act *act, struct error *error)
{
    struct account available = {.kind = ACCOUNT_AVAILABLE}, owned = {.kind = ACCOUNT_OWNED};
    struct entitlement entitlement;
    struct issue_line *line;
    uint32_t seats = 0, whole = 0, wanted;
    enum status status =
        entitlement_activate(transaction, act->code, &taking->server.customer_id, 1,
                             taking->form->now, taking->arena, &entitlement, NULL);

    if (status == LICET_NOT_FOUND || status == LICET_INVALID) {
        take_result(taking, act->number, status, TEXT(""), 0);
        return LICET_OK;
    }
    if (status == LICET_OK)
        status =
            store_entitlement_lock(transaction, entitlement.id, taking->arena, &entitlement, error);
    if (status == LICET_OK)
        status = store_ledger_seats(transaction, entitlement.id, available, &seats, error);
    if (status == LICET_OK && entitlement.is_whole_only)
        status = store_ledger_seats(transaction, entitlement.id, owned, &whole, error);
    if (status != LICET_OK)
        return error_set(error, status, "act %u could not be done", act->number);
    line = take_line(taking, entitlement.id);
    wanted = act->seats == 0 ? seats - line->seats : act->seats;
    if (entitlement.state == ENTITLEMENT_ON_HOLD || (whole != 0 && wanted != whole)) {
        take_result(taking, act->number, LICET_CONFLICT, entitlement.sn, 0);
        return LICET_OK;
    }
    if (wanted == 0 || wanted > seats - line->seats) {
        take_result(taking, act->number, LICET_NO_SEAT, entitlement.sn, 0);
        return LICET_OK;
    }
    line->seats += wanted;
    take_result(taking, act->number, LICET_OK, entitlement.sn, wanted);
    return LICET_OK;
}

/* R3.1: a new generation says the new name. */
static enum status take_rename(struct db_transaction *transaction, struct taking *taking,
                               const struct request_act *act, struct error *error)
{
    char place[NAME_MAX_BYTES];
    struct buf short_name = buf_over(place, sizeof(place));

    server_short_name(act->name, &short_name);
    taking->is_renamed = true;
    take_result(taking, act->number, LICET_OK, TEXT(""), 0);
    return store_server_set_name(transaction, taking->server.id, act->name, buf_text(&short_name),
                                 error);
}

static enum status take_act(struct db_transaction *transaction, struct taking *taking,
                            const struct request_act *act, struct error *error)
{
    switch ((enum act_kind)act->kind) {
    case ACT_ENROL: /* the request itself did it */
        take_result(taking, act->number, LICET_OK, TEXT(""), 0);
        return LICET_OK;
    case ACT_ACTIVATE:
        return take_activate(transaction, taking, act, error);
    case ACT_RENAME:
        return take_rename(transaction, taking, act, error);
    case ACT_RENEW:
    case ACT_SURRENDER:
    case ACT_REKEY:
        break;
    }
    take_result(taking, act->number, LICET_UNSUPPORTED, act->sn, 0);
    return LICET_OK;
}

static enum status take_acts(struct db_transaction *transaction, struct taking *taking,
                             struct error *error)
{
    const struct server_request *request = taking->form->request;
    enum status status = LICET_OK;

    taking->results = arena_rows(taking->arena, REQUEST_ACTS_MAX, sizeof(*taking->results));
    taking->lines = arena_take(taking->arena, REQUEST_ACTS_MAX, sizeof(*taking->lines));
    if (taking->results == NULL || taking->lines == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the acts of a request");
    for (uint32_t i = 0; status == LICET_OK && i < request->acts_count; i++)
        status = take_act(transaction, taking, &request->acts[i], error);
    return status;
}

/* ---- the generation that they ask for */

/* Lines to which nothing is added were looked at and refused. */
static uint32_t take_drop_empty(struct taking *taking)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < taking->lines_count; i++) {
        if (taking->lines[i].seats > 0)
            taking->lines[kept++] = taking->lines[i];
    }
    return taking->lines_count = kept;
}

static enum status take_generation(struct db_transaction *transaction, struct taking *taking,
                                   int64_t *ret_issue_id, struct error *error)
{
    struct serial serial = serial_draw();
    struct change_set changes = {.act = "request",
                                 .server_id = taking->server.id,
                                 .lines = taking->lines,
                                 .lines_count = take_drop_empty(taking),
                                 .adds = true,
                                 .always = true,
                                 .serial = text_of(serial.text),
                                 .person_id = taking->form->person_id,
                                 .now = taking->form->now};

    *ret_issue_id = 0;
    /* A server without a file has no use for one that only says its name. */
    if (changes.lines_count == 0 && (!taking->is_renamed || taking->server.generation == 0))
        return LICET_OK;
    return allocation_change(transaction, &changes, taking->arena, ret_issue_id, error);
}

/* ---- one request */

/* R5.2. `own_id`: of this request. */
static enum status take_check_counter(struct db_transaction *transaction,
                                      const struct taking *taking, int64_t own_id,
                                      struct error *error)
{
    uint64_t counter = taking->form->request->head.counter, last = 0;
    enum status status =
        store_exchange_last_counter(transaction, taking->server.id, own_id, &last, error);

    if (status == LICET_OK && counter <= last)
        return error_set(error, LICET_OLD_GENERATION,
                         "request %llu of this license server was taken already, and this one is "
                         "%llu: make a new one there with: licet request",
                         (unsigned long long)last, (unsigned long long)counter);
    return status;
}

/* A request that asks for no generation waits for the one that is on its way: a server that was
 * enrolled under a reserved name takes its file home with the first trip. */
static enum status take_under_way(struct db_transaction *transaction, const struct taking *taking,
                                  int64_t *issue_id, struct error *error)
{
    struct issue newest;
    enum status status = LICET_OK;

    if (*issue_id != 0)
        return LICET_OK;
    status = store_issue_newest(transaction, taking->server.id, taking->arena, &newest, NULL);
    if (status == LICET_OK && text_is(newest.waits_for, "signer"))
        *issue_id = newest.id;
    return status == LICET_OK || status == LICET_NOT_FOUND
               ? LICET_OK
               : error_set(error, status, "the newest generation could not be read");
}

static enum status take_all(struct db_transaction *transaction, struct taking *taking, int64_t id,
                            struct error *error)
{
    struct server locked;
    int64_t issue_id = 0;
    enum status status = take_receipt(transaction, taking, error);

    if (status == LICET_OK)
        status = take_acts(transaction, taking, error);
    if (status == LICET_OK)
        status = take_generation(transaction, taking, &issue_id, error);
    /* Order: under the server's lock other requests that came in parallel are seen. */
    if (status == LICET_OK)
        status = store_server_lock(transaction, taking->server.id, taking->arena, &locked, error);
    if (status == LICET_OK)
        status = take_check_counter(transaction, taking, id, error);
    if (status == LICET_OK)
        status = take_under_way(transaction, taking, &issue_id, error);
    return status == LICET_OK
               ? store_exchange_set_results(transaction, id, issue_id, taking->results,
                                            taking->results_count, error)
               : status;
}

/* R2.5: kept with its server for the files that are made from now on. A request that lists nothing
 * says nothing of it. */
static enum status take_serves(struct db_transaction *transaction, const struct taking *taking,
                               struct error *error)
{
    const struct field_list *serves = &taking->form->request->head.serves;
    char place[REQUEST_SERVES_BYTES_MAX];
    struct buf words = buf_over(place, sizeof(place));

    if (serves->count == 0)
        return LICET_OK;
    for (uint32_t i = 0; i < serves->count; i++) {
        if (i > 0)
            buf_add_byte(&words, ' ');
        buf_add_text(&words, serves->items[i]);
    }
    return store_server_set_serves(transaction, taking->server.id, buf_text(&words), error);
}

static enum status take_new(struct db_transaction *transaction, struct taking *taking,
                            struct text request_hash, int64_t *ret_id, struct error *error)
{
    const struct exchange_form *form = taking->form;
    char place[HASH_TEXT_BYTES];
    struct buf response = buf_over(place, sizeof(place));
    struct exchange exchange = {.server_id = taking->server.id,
                                .request_hash = request_hash,
                                .counter = form->request->head.counter,
                                .person_id = form->person_id,
                                .received = form->now};
    bool is_new = false;
    /* Order: its place first, so that a repeat never meets its own counter. */
    enum status status;

    if (!hash_is_none(&form->request->head.response)) {
        hash_print(&form->request->head.response, &response);
        exchange.last_response = buf_text(&response);
    }
    status = store_exchange_take(transaction, &exchange, form->text, &is_new, ret_id, error);
    if (status != LICET_OK || !is_new)
        return status;
    status = take_check_counter(transaction, taking, *ret_id, error);
    if (status == LICET_OK)
        status = take_serves(transaction, taking, error);
    return status == LICET_OK ? take_all(transaction, taking, *ret_id, error) : status;
}

enum status exchange_take(struct db_transaction *transaction, const struct exchange_form *form,
                          struct arena *arena, int64_t *ret_id, struct error *error)
{
    struct taking taking = {.form = form, .arena = arena};
    char place[HASH_TEXT_BYTES];
    struct buf hash = buf_over(place, sizeof(place));
    struct exchange known;
    enum status status;

    if (!text_equal(form->request->head.vendor, form->vendor))
        return error_set(error, LICET_WRONG_SERVER,
                         "this request is for the vendor %.*s, and this is the portal of %.*s",
                         TEXT_ARGS(form->request->head.vendor), TEXT_ARGS(form->vendor));
    status = server_by_key(transaction, &form->request->key, form->request->head.name,
                           form->customer_id, form->now, arena, &taking.server, error);
    if (status != LICET_OK)
        return status;
    hash_print(&form->request->payload_hash, &hash);
    status = store_exchange_find(transaction, buf_text(&hash), arena, &known, NULL);
    if (status == LICET_OK) {
        *ret_id = known.id;
        return store_exchange_again(transaction, known.id, error);
    }
    if (status != LICET_NOT_FOUND)
        return error_set(error, status, "the request could not be looked up");
    return take_new(transaction, &taking, buf_text(&hash), ret_id, error);
}
