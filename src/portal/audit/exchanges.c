/* Requests and their one response (R5): each signed by whom it must be, the response about that
 * request, its results what is stored of its acts, and behind it the file that it names. */
#include "portal/audit/check.h"
#include "store/exchange.h"
#include "store/issue_content.h"

struct exchange_check {
    struct audit *audit;
    struct exchange exchange;
    struct audit_exchange texts;
    struct server server;
};

static void exchange_tell_rule(const struct exchange_check *check, const char *rule,
                               const char *who, const char *what)
{
    audit_found(check->audit, rule, who, "request %llu of %.*s: %s",
                (unsigned long long)check->exchange.counter, TEXT_ARGS(check->server.number), what);
}

static void exchange_tell(const struct exchange_check *check, const char *what)
{
    exchange_tell_rule(check, "R5.2", AUDIT_DATABASE, what);
}

static void request_check(const struct exchange_check *check)
{
    struct arena arena = audit_text(check->audit);
    struct server_request request;
    struct error problem = {0};
    enum status status = request_read(check->texts.request, &arena, &request, &problem);

    if (status != LICET_OK) {
        exchange_tell(check, error_text(&problem, status));
        return;
    }
    if (!audit_hash_equals(&request.payload_hash, check->exchange.request_hash))
        exchange_tell(check, "its text has another hash than the stored one");
    if (request.head.counter != check->exchange.counter)
        exchange_tell(check, "its text has another counter than its row");
    if (!audit_key_is(&check->server, &request.head.key))
        exchange_tell(check, "it is signed by another key than the server's");
}

/* The whole text as it was handed out, in the arena. */
static enum status response_join(const struct exchange_check *check, struct arena *rows,
                                 struct text *ret_whole, struct error *error)
{
    struct buf whole = buf_over(arena_rows(rows, RESPONSE_BYTES_MAX, 1), RESPONSE_BYTES_MAX);
    struct text file = {NULL, 0};
    enum status status = LICET_OK;

    if (check->exchange.file_issue_id != 0)
        status = store_issue_file(check->audit->transaction, check->exchange.file_issue_id, rows,
                                  &file, error);
    if (status != LICET_OK)
        return status;
    buf_add_text(&whole, check->texts.response);
    if (file.data != NULL) {
        buf_add_byte(&whole, '\n');
        buf_add_text(&whole, file);
    }
    *ret_whole = buf_text(&whole);
    return LICET_OK;
}

static enum status results_check(const struct exchange_check *check,
                                 const struct response *response, struct arena *rows,
                                 struct error *error)
{
    struct exchange_result *results = arena_rows(rows, REQUEST_ACTS_MAX, sizeof(*results));
    struct issue issue = {.state = ISSUE_RELEASED};
    uint32_t count = 0, same = 0;
    enum status status = store_exchange_results(check->audit->transaction, check->exchange.id,
                                                REQUEST_ACTS_MAX, rows, results, &count, error);

    if (status == LICET_OK && check->exchange.issue_id != 0)
        status = store_issue_get(check->audit->transaction, check->exchange.issue_id, rows, &issue,
                                 error);
    if (status != LICET_OK)
        return status;
    if (check->exchange.issue_id != 0 && issue.server_id != check->exchange.server_id)
        exchange_tell(check, "the generation that it asked for is another license server's");
    for (uint32_t i = 0; i < count && i < response->results_count; i++) {
        const struct response_result *told = &response->results[i];
        /* Of a generation that was given up nothing came. */
        uint32_t seats = issue.state == ISSUE_VOIDED ? 0 : results[i].seats;

        same += told->number == results[i].number && text_equal(told->sn, results[i].sn) &&
                        told->seats == seats
                    ? 1
                    : 0;
    }
    if (same != count || count != response->results_count)
        exchange_tell(check, "its response tells other results than those that are stored");
    return LICET_OK;
}

static enum status response_check(const struct exchange_check *check, struct arena *rows,
                                  struct error *error)
{
    struct arena arena = audit_text(check->audit);
    struct response response;
    struct error problem = {0};
    struct text whole;
    enum status status = response_join(check, rows, &whole, error);

    if (status == LICET_NOT_FOUND) {
        exchange_tell_rule(check, "INV-10 R5.2", AUDIT_DATABASE,
                           "the file behind its response was never released");
        return LICET_OK;
    }
    if (status != LICET_OK)
        return status;
    status = response_read(whole, check->audit->options->trust, &arena, &response, &problem);
    if (status != LICET_OK) {
        exchange_tell_rule(check, "R5.2", audit_who(status), error_text(&problem, status));
        return LICET_OK;
    }
    if (!audit_hash_equals(&response.head.request, check->exchange.request_hash) ||
        !text_equal(response.head.server, check->server.number))
        exchange_tell(check, "its response is to another request");
    if (!audit_hash_equals(&response.payload_hash, check->texts.payload_hash) ||
        !audit_hash_is(check->texts.payload, check->texts.payload_hash))
        exchange_tell(check, "its response has another hash than the stored one");
    return results_check(check, &response, rows, error);
}

static enum status exchange_check(struct audit *audit, int64_t id, struct error *error)
{
    struct exchange_check check = {.audit = audit};
    struct arena rows = audit_rows(audit);
    enum status status = store_exchange_get(audit->transaction, id, &rows, &check.exchange, error);

    if (status == LICET_OK)
        status = store_audit_exchange(audit->transaction, id, &rows, &check.texts, error);
    if (status == LICET_OK)
        status = store_server_get(audit->transaction, check.exchange.server_id, &rows,
                                  &check.server, error);
    if (status != LICET_OK)
        return status;
    request_check(&check);
    return check.exchange.state == EXCHANGE_ANSWERED ? response_check(&check, &rows, error)
                                                     : LICET_OK;
}

enum status exchanges_check(struct audit *audit, struct error *error)
{
    return audit_each(audit, AUDIT_EXCHANGES, &audit->summary->exchanges, exchange_check, error);
}
