/* Generations of a server (INV-9): 1, 2, 3 ... without a hole, what is voided says why, and time and
 * place in the log go up with them. */
#include "portal/audit/check.h"

struct generations {
    struct audit *audit;
    const struct server *server;
    uint32_t last;
    struct unix_time issued;
    int64_t log_index;
};

static void generation_check(struct generations *generations, const struct issue *issue)
{
    struct text number = generations->server->number;

    if (issue->generation != generations->last + 1)
        audit_found(generations->audit, "INV-9", AUDIT_DATABASE,
                    "generation %u of %.*s is followed by %u, and nothing says what became of "
                    "those between",
                    generations->last, TEXT_ARGS(number), issue->generation);
    generations->last = issue->generation;
    if (issue->state == ISSUE_VOIDED && issue->problem.data == NULL)
        audit_found(generations->audit, "INV-9", AUDIT_DATABASE,
                    "generation %u of %.*s is voided without a reason", issue->generation,
                    TEXT_ARGS(number));
    if (issue->payload_hash.data == NULL)
        return;
    generations->audit->numbered++;
    if (issue->state != ISSUE_VOIDED && issue->issued.s < generations->issued.s)
        audit_found(generations->audit, "INV-9 R9.4", AUDIT_DATABASE,
                    "generation %u of %.*s was issued before the one before it", issue->generation,
                    TEXT_ARGS(number));
    if (issue->log_index <= generations->log_index)
        audit_found(generations->audit, "INV-9 R6.8", AUDIT_DATABASE,
                    "generation %u of %.*s has leaf %lld of the issue log, and the one before it "
                    "has %lld",
                    issue->generation, TEXT_ARGS(number), (long long)issue->log_index,
                    (long long)generations->log_index);
    if (issue->state != ISSUE_VOIDED)
        generations->issued = issue->issued;
    generations->log_index = issue->log_index;
}

static enum status generations_walk(struct generations *generations, struct charges *charges,
                                    const struct arena *arena, struct error *error)
{
    enum status status = LICET_OK;
    struct issue issue;
    int64_t id;

    while (status == LICET_OK) {
        struct arena place = *arena;

        status =
            store_audit_next_generation(generations->audit->transaction, generations->server->id,
                                        generations->last, &id, error);
        if (status == LICET_NOT_FOUND)
            return LICET_OK;
        if (status == LICET_OK)
            status = store_issue_get(generations->audit->transaction, id, &place, &issue, error);
        if (status != LICET_OK)
            return status;
        generation_check(generations, &issue);
        generations->audit->summary->generations++;
        status = charges_add(charges, &issue, &place, error);
    }
    return status;
}

static enum status server_check(struct audit *audit, int64_t id, struct error *error)
{
    struct arena arena = audit_rows(audit);
    struct server server;
    struct generations generations = {.audit = audit, .server = &server, .log_index = -1};
    struct charges charges;
    enum status status = store_server_get(audit->transaction, id, &arena, &server, error);

    if (status == LICET_OK)
        status = charges_begin(&charges, audit, &server, &arena, error);
    if (status == LICET_OK)
        status = generations_walk(&generations, &charges, &arena, error);
    if (status != LICET_OK)
        return status;
    if (generations.last != server.generation)
        audit_found(audit, "INV-9 R4.6", AUDIT_DATABASE,
                    "%.*s is stored to be at generation %u, and its last one is %u",
                    TEXT_ARGS(server.number), server.generation, generations.last);
    return charges_check(&charges, &arena, error);
}

enum status generations_check(struct audit *audit, struct error *error)
{
    return audit_each(audit, AUDIT_SERVERS, &audit->summary->servers, server_check, error);
}
