#include "store/issue.h"

#include "store/rows.h"

/* Why an issue cannot go on: one before it of its server waits for staff; nothing but a key could
 * bind its file (R3.2). */
#define ISSUE_IS_BEHIND_PROBLEM                                                                    \
    "EXISTS (SELECT 1 FROM issue earlier WHERE earlier.server_id = issue.server_id"                \
    "   AND earlier.id < issue.id AND earlier.problem IS NOT NULL"                                 \
    "   AND earlier.state IN ('intent', 'numbered'))"
#define ISSUE_IS_BOUND                                                                             \
    "(EXISTS (SELECT 1 FROM server WHERE server.id = issue.server_id"                              \
    "   AND server.public_key IS NOT NULL)"                                                        \
    " OR (EXISTS (SELECT 1 FROM issue_line WHERE issue_line.issue_id = issue.id)"                  \
    "   AND NOT EXISTS (SELECT 1 FROM issue_line"                                                  \
    "   JOIN entitlement ON entitlement.id = issue_line.entitlement_id"                            \
    "   JOIN edition ON edition.id = entitlement.edition_id"                                       \
    "   JOIN product ON product.id = edition.product_id"                                           \
    "   WHERE issue_line.issue_id = issue.id AND product.is_bound_by_name = 0)))"

#define ISSUE_WAITS_FOR                                                                            \
    "CASE WHEN state IN ('released', 'voided') THEN ''"                                            \
    " WHEN problem IS NOT NULL OR " ISSUE_IS_BEHIND_PROBLEM " THEN 'staff'"                        \
    " WHEN state = 'intent' AND NOT " ISSUE_IS_BOUND " THEN 'key' ELSE 'signer' END"

#define ISSUE_COLUMNS                                                                              \
    "id, server_id, generation, serial, state, act, person_id, created, issued, log_index,"        \
    " certificate, payload_hash, not_served, problem, override, cancel, " ISSUE_WAITS_FOR
#define ISSUE_COLUMNS_COUNT 17

static const char *const state_names[] = {
    [ISSUE_INTENT] = "intent",
    [ISSUE_NUMBERED] = "numbered",
    [ISSUE_RELEASED] = "released",
    [ISSUE_VOIDED] = "voided",
};

const char *issue_state_name(enum issue_state state)
{
    return state_names[state];
}

static struct db_columns issue_columns(struct issue *issue, struct text *state, struct arena *arena,
                                       struct db_column columns[ISSUE_COLUMNS_COUNT])
{
    columns[0] = db_ret_int(&issue->id);
    columns[1] = db_ret_int(&issue->server_id);
    columns[2] = db_ret_u32(&issue->generation);
    columns[3] = db_ret_text(&issue->serial, arena);
    columns[4] = db_ret_text(state, arena);
    columns[5] = db_ret_text(&issue->act, arena);
    columns[6] = db_ret_int_or_null(&issue->person_id);
    columns[7] = db_ret_int(&issue->created.s);
    columns[8] = db_ret_int_or_null(&issue->issued.s);
    columns[9] = db_ret_int_or_null(&issue->log_index);
    columns[10] = db_ret_bytes_or_null(&issue->certificate, arena);
    columns[11] = db_ret_text_or_null(&issue->payload_hash, arena);
    columns[12] = db_ret_text_or_null(&issue->not_served, arena);
    columns[13] = db_ret_text_or_null(&issue->problem, arena);
    columns[14] = db_ret_text_or_null(&issue->override, arena);
    columns[15] = db_ret_text_or_null(&issue->cancel, arena);
    columns[16] = db_ret_text(&issue->waits_for, arena);
    return (struct db_columns){columns, ISSUE_COLUMNS_COUNT};
}

static enum issue_state issue_state_of(struct text word)
{
    enum issue_state state = ISSUE_INTENT;

    while (state < ISSUE_VOIDED && !text_is(word, state_names[state]))
        state++;
    return state;
}

static int issue_line_order(const void *left, const void *right)
{
    int64_t a = ((const struct issue_line *)left)->entitlement_id;
    int64_t b = ((const struct issue_line *)right)->entitlement_id;

    return (a > b) - (a < b);
}

uint32_t issue_lines_seats(const struct issue_line *lines, uint32_t count, int64_t entitlement_id)
{
    struct issue_line wanted = {.entitlement_id = entitlement_id};
    const struct issue_line *found =
        bsearch(&wanted, lines, count, sizeof(*lines), issue_line_order);

    return found == NULL ? 0 : found->seats;
}

enum status issue_rows_only(struct db_rows *rows, struct arena *arena, struct issue *ret_issue,
                            struct error *error)
{
    struct db_column columns[ISSUE_COLUMNS_COUNT];
    struct issue issue;
    struct text state;
    enum status status = db_rows_only(rows, issue_columns(&issue, &state, arena, columns));

    if (status == LICET_NOT_FOUND)
        return error_set(error, LICET_NOT_FOUND, "there is no such generation");
    if (status != LICET_OK)
        return status;
    issue.state = issue_state_of(state);
    *ret_issue = issue;
    return LICET_OK;
}

static enum status issue_row(struct db_transaction *transaction, const char *sql,
                             struct db_arguments arguments, struct arena *arena,
                             struct issue *ret_issue, struct error *error)
{
    struct db_rows rows;

    db_rows_open(&rows, transaction, sql, arguments, error);
    return issue_rows_only(&rows, arena, ret_issue, error);
}

static enum status issue_insert_line(struct db_transaction *transaction, int64_t issue_id,
                                     const struct issue_line *line, struct error *error)
{
    static const char line_sql[] =
        "INSERT INTO issue_line (issue_id, entitlement_id, seats) VALUES ($1, $2, $3)";

    return db_execute_later(
        transaction, line_sql,
        DB_ARGUMENTS(db_int(issue_id), db_int(line->entitlement_id), db_int(line->seats)), error);
}

enum status store_issue_insert(struct db_transaction *transaction, const struct issue *issue,
                               const struct issue_line *lines, uint32_t lines_count,
                               int64_t *ret_id, struct error *error)
{
    static const char insert_sql[] =
        "INSERT INTO issue (server_id, generation, serial, state, act, person_id, created)"
        " VALUES ($1, $2, $3, 'intent', $4, $5, $6) RETURNING id";
    enum status status =
        db_row(transaction, insert_sql,
               DB_ARGUMENTS(db_int(issue->server_id), db_int(issue->generation),
                            db_text(issue->serial), db_text(issue->act),
                            db_int_or_null(issue->person_id), db_int(issue->created.s)),
               DB_COLUMNS(db_ret_int(ret_id)), error);

    for (uint32_t i = 0; status == LICET_OK && i < lines_count; i++)
        status = issue_insert_line(transaction, *ret_id, &lines[i], error);
    return status;
}

void issue_open(struct db_rows *rows, struct db_transaction *transaction, int64_t id,
                struct error *error)
{
    db_rows_open(rows, transaction, "SELECT " ISSUE_COLUMNS " FROM issue WHERE id = $1",
                 DB_ARGUMENTS(db_int(id)), error);
}

enum status store_issue_get(struct db_transaction *transaction, int64_t id, struct arena *arena,
                            struct issue *ret_issue, struct error *error)
{
    struct db_rows rows;

    issue_open(&rows, transaction, id, error);
    return issue_rows_only(&rows, arena, ret_issue, error);
}

void issue_open_newest(struct db_rows *rows, struct db_transaction *transaction, int64_t server_id,
                       struct error *error)
{
    db_rows_open(rows, transaction,
                 "SELECT " ISSUE_COLUMNS " FROM issue WHERE server_id = $1"
                 " AND state <> 'voided' ORDER BY generation DESC LIMIT 1",
                 DB_ARGUMENTS(db_int(server_id)), error);
}

enum status store_issue_newest(struct db_transaction *transaction, int64_t server_id,
                               struct arena *arena, struct issue *ret_issue, struct error *error)
{
    struct db_rows rows;

    issue_open_newest(&rows, transaction, server_id, error);
    return issue_rows_only(&rows, arena, ret_issue, error);
}

enum status store_issue_newest_released(struct db_transaction *transaction, int64_t server_id,
                                        struct arena *arena, struct issue *ret_issue,
                                        struct error *error)
{
    return issue_row(transaction,
                     "SELECT " ISSUE_COLUMNS " FROM issue WHERE server_id = $1"
                     " AND state = 'released' ORDER BY generation DESC LIMIT 1",
                     DB_ARGUMENTS(db_int(server_id)), arena, ret_issue, error);
}

enum status store_issue_find(struct db_transaction *transaction, int64_t server_id,
                             uint32_t generation, struct arena *arena, struct issue *ret_issue,
                             struct error *error)
{
    return issue_row(transaction,
                     "SELECT " ISSUE_COLUMNS " FROM issue WHERE server_id = $1 AND generation = $2",
                     DB_ARGUMENTS(db_int(server_id), db_int(generation)), arena, ret_issue, error);
}

void issue_open_lines(struct db_rows *rows, struct db_transaction *transaction, int64_t issue_id,
                      uint32_t max, struct error *error)
{
    db_rows_open(rows, transaction,
                 "SELECT entitlement_id, seats FROM issue_line"
                 " WHERE issue_id = $1 ORDER BY entitlement_id LIMIT $2",
                 DB_ARGUMENTS(db_int(issue_id), db_int((int64_t)max + 1)), error);
}

void issue_open_newest_lines(struct db_rows *rows, struct db_transaction *transaction,
                             int64_t server_id, uint32_t max, struct error *error)
{
    db_rows_open(rows, transaction,
                 "SELECT entitlement_id, seats FROM issue_line WHERE issue_id = (SELECT issue.id"
                 "   FROM issue WHERE issue.server_id = $1 AND issue.state <> 'voided'"
                 "   ORDER BY issue.generation DESC LIMIT 1) ORDER BY entitlement_id LIMIT $2",
                 DB_ARGUMENTS(db_int(server_id), db_int((int64_t)max + 1)), error);
}

enum status issue_rows_lines(struct db_rows *rows, uint32_t max, struct issue_line *lines,
                             uint32_t *ret_count, struct error *error)
{
    struct issue_line line;
    uint32_t count = 0;
    enum status status;

    while (
        db_rows_next(rows, DB_COLUMNS(db_ret_int(&line.entitlement_id), db_ret_u32(&line.seats)))) {
        if (count < max)
            lines[count] = line;
        count++;
    }
    status = db_rows_close(rows);
    if (status != LICET_OK)
        return status;
    if (count > max)
        return error_set(error, LICET_OVER_LIMIT, "a license file has at most %u lines", max);
    *ret_count = count;
    return LICET_OK;
}

enum status store_issue_lines(struct db_transaction *transaction, int64_t issue_id, uint32_t max,
                              struct issue_line *lines, uint32_t *ret_count, struct error *error)
{
    struct db_rows rows;

    issue_open_lines(&rows, transaction, issue_id, max, error);
    return issue_rows_lines(&rows, max, lines, ret_count, error);
}

static enum status issue_list(struct db_transaction *transaction, const char *sql,
                              struct db_arguments arguments, struct arena *arena,
                              struct issue *issues, uint32_t *ret_count, struct error *error)
{
    struct db_column columns[ISSUE_COLUMNS_COUNT];
    struct issue issue;
    struct text word;
    struct db_rows rows;
    uint32_t count = 0;
    enum status status;

    db_rows_open(&rows, transaction, sql, arguments, error);
    while (db_rows_next(&rows, issue_columns(&issue, &word, arena, columns))) {
        issue.state = issue_state_of(word);
        issues[count++] = issue;
    }
    status = db_rows_close(&rows);
    if (status == LICET_OK)
        *ret_count = count;
    return status;
}

enum status store_issue_most_of_product(struct db_transaction *transaction, int64_t issue_id,
                                        uint32_t *ret_count, struct error *error)
{
    static const char most_sql[] =
        "SELECT COUNT(*) FROM issue_line"
        " JOIN entitlement ON entitlement.id = issue_line.entitlement_id"
        " JOIN edition ON edition.id = entitlement.edition_id WHERE issue_line.issue_id = $1"
        " GROUP BY edition.product_id ORDER BY COUNT(*) DESC LIMIT 1";
    enum status status = db_row(transaction, most_sql, DB_ARGUMENTS(db_int(issue_id)),
                                DB_COLUMNS(db_ret_u32(ret_count)), error);

    if (status == LICET_NOT_FOUND) {
        *ret_count = 0;
        return LICET_OK;
    }
    return status;
}

enum status store_issue_list_waiting(struct db_transaction *transaction, enum issue_state state,
                                     uint32_t max, struct arena *arena, struct issue *issues,
                                     uint32_t *ret_count, struct error *error)
{
    static const char list_sql[] =
        "SELECT " ISSUE_COLUMNS " FROM issue WHERE state = $1"
        " AND state IN ('intent', 'numbered') AND problem IS NULL"
        " AND NOT " ISSUE_IS_BEHIND_PROBLEM " AND (state = 'numbered' OR " ISSUE_IS_BOUND ")"
        " ORDER BY id LIMIT $2";

    return issue_list(transaction, list_sql,
                      DB_ARGUMENTS(db_text(text_of(state_names[state])), db_int(max)), arena,
                      issues, ret_count, error);
}

enum status store_issue_list_cancelled(struct db_transaction *transaction, uint32_t max,
                                       struct arena *arena, struct issue *issues,
                                       uint32_t *ret_count, struct error *error)
{
    return issue_list(transaction,
                      "SELECT " ISSUE_COLUMNS " FROM issue WHERE cancel IS NOT NULL"
                      " AND state IN ('intent', 'numbered') ORDER BY id LIMIT $1",
                      DB_ARGUMENTS(db_int(max)), arena, issues, ret_count, error);
}

enum status store_issue_list_server(struct db_transaction *transaction, int64_t server_id,
                                    uint32_t before, uint32_t max, struct arena *arena,
                                    struct issue *issues, uint32_t *ret_count, struct error *error)
{
    return issue_list(transaction,
                      "SELECT " ISSUE_COLUMNS " FROM issue WHERE server_id = $1"
                      " AND generation < $2 ORDER BY generation DESC LIMIT $3",
                      DB_ARGUMENTS(db_int(server_id),
                                   db_int(before == 0 ? INT64_MAX : (int64_t)before), db_int(max)),
                      arena, issues, ret_count, error);
}

/* One row changed, or the state was another. */
static enum status issue_change(struct db_transaction *transaction, const char *sql,
                                struct db_arguments arguments, struct error *error)
{
    int64_t changes;
    enum status status = db_execute(transaction, sql, arguments, &changes, error);

    if (status == LICET_OK && changes != 1)
        return error_set(error, LICET_CONFLICT, "this generation is in another state by now");
    return status;
}

enum status store_issue_number(struct db_transaction *transaction, const struct issue *issue,
                               struct text payload, struct error *error)
{
    static const char number_sql[] =
        "UPDATE issue SET state = 'numbered', issued = $2, log_index = $3, certificate = $4,"
        " payload = $5, payload_hash = $6, not_served = $7 WHERE id = $1 AND state = 'intent'";

    return issue_change(transaction, number_sql,
                        DB_ARGUMENTS(db_int(issue->id), db_int(issue->issued.s),
                                     db_int(issue->log_index), db_bytes(issue->certificate),
                                     db_bytes(payload), db_text(issue->payload_hash),
                                     db_text_or_null(issue->not_served)),
                        error);
}

enum status store_issue_release(struct db_transaction *transaction, int64_t id, struct text file,
                                struct error *error)
{
    static const char release_sql[] = "UPDATE issue SET state = 'released', file = $2,"
                                      " problem = NULL, cancel = NULL WHERE id = $1"
                                      " AND state = 'numbered'";

    return issue_change(transaction, release_sql, DB_ARGUMENTS(db_int(id), db_bytes(file)), error);
}

enum status store_issue_refuse(struct db_transaction *transaction, int64_t id, struct text problem,
                               struct error *error)
{
    static const char refuse_sql[] =
        "UPDATE issue SET problem = $2 WHERE id = $1 AND state IN ('intent', 'numbered')";
    struct text stored = problem.size == 0 ? (struct text){NULL, 0} : problem;

    return issue_change(transaction, refuse_sql, DB_ARGUMENTS(db_int(id), db_text_or_null(stored)),
                        error);
}

enum status store_issue_decide(struct db_transaction *transaction, int64_t id,
                               enum issue_decision decision, struct text reason,
                               struct error *error)
{
    static const char override_sql[] = "UPDATE issue SET override = $2, problem = NULL"
                                       " WHERE id = $1 AND state IN ('intent', 'numbered')"
                                       " AND problem IS NOT NULL AND cancel IS NULL";
    static const char cancel_sql[] = "UPDATE issue SET cancel = $2 WHERE id = $1"
                                     " AND state IN ('intent', 'numbered')"
                                     " AND problem IS NOT NULL AND cancel IS NULL";

    return issue_change(transaction, decision == ISSUE_OVERRIDE ? override_sql : cancel_sql,
                        DB_ARGUMENTS(db_int(id), db_text(reason)), error);
}

enum status store_issue_go_on(struct db_transaction *transaction, int64_t id, struct error *error)
{
    return issue_change(transaction,
                        "UPDATE issue SET problem = NULL, cancel = NULL"
                        " WHERE id = $1 AND state = 'numbered'",
                        DB_ARGUMENTS(db_int(id)), error);
}

enum status store_issue_refuse_void(struct db_transaction *transaction, int64_t id,
                                    struct text problem, struct error *error)
{
    return issue_change(transaction,
                        "UPDATE issue SET problem = $2, cancel = NULL"
                        " WHERE id = $1 AND state IN ('intent', 'numbered')",
                        DB_ARGUMENTS(db_int(id), db_text(problem)), error);
}

enum status store_issue_supersede(struct db_transaction *transaction, int64_t server_id,
                                  struct text problem, struct error *error)
{
    static const char supersede_sql[] = "UPDATE issue SET state = 'voided', problem = $2"
                                        " WHERE server_id = $1 AND state = 'intent'";
    int64_t changes;

    return db_execute(transaction, supersede_sql, DB_ARGUMENTS(db_int(server_id), db_text(problem)),
                      &changes, error);
}

enum status store_issue_void(struct db_transaction *transaction, int64_t id, struct text problem,
                             struct error *error)
{
    static const char void_sql[] = "UPDATE issue SET state = 'voided', problem = $2, cancel = NULL"
                                   " WHERE id = $1 AND state IN ('intent', 'numbered')";

    return issue_change(transaction, void_sql, DB_ARGUMENTS(db_int(id), db_text(problem)), error);
}

enum status store_issue_charge(struct db_transaction *transaction, int64_t server_id,
                               int64_t entitlement_id, struct charge *ret_charge,
                               struct error *error)
{
    static const char charge_sql[] =
        "SELECT COALESCE((SELECT line.seats FROM issue_line line WHERE line.entitlement_id = $2"
        "   AND line.issue_id = (SELECT issue.id FROM issue WHERE issue.server_id = $1"
        "     AND issue.state <> 'voided' ORDER BY issue.generation DESC LIMIT 1)), 0),"
        " COALESCE((SELECT line.seats + line.overhang FROM receipt_line line"
        "   WHERE line.receipt_id = server.receipt_id AND line.entitlement_id = $2), 0),"
        " COALESCE((SELECT MAX(line.seats) FROM issue_line line"
        "   JOIN issue ON issue.id = line.issue_id"
        "   WHERE issue.server_id = $1 AND issue.state <> 'voided' AND line.entitlement_id = $2"
        "   AND issue.generation > COALESCE((SELECT receipt.generation FROM receipt"
        "     WHERE receipt.id = server.receipt_id), 0)), 0),"
        " COALESCE((SELECT seats FROM account WHERE account.entitlement_id = $2"
        "   AND account.kind = 'ALLOCATED' AND account.server_id = $1), 0),"
        " COALESCE((SELECT seats FROM account WHERE account.entitlement_id = $2"
        "   AND account.kind = 'RETURN_PENDING' AND account.server_id = $1), 0)"
        " FROM server WHERE server.id = $1";
    struct charge charge;
    enum status status =
        db_row(transaction, charge_sql, DB_ARGUMENTS(db_int(server_id), db_int(entitlement_id)),
               DB_COLUMNS(db_ret_u32(&charge.newest), db_ret_u32(&charge.receipt),
                          db_ret_u32(&charge.issued), db_ret_u32(&charge.allocated),
                          db_ret_u32(&charge.pending)),
               error);

    if (status == LICET_OK)
        *ret_charge = charge;
    return status;
}
