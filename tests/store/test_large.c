/*
 * R6.8, R4.3: a license server with as many entitlements of a product as may be, and more files of that size at
 * once than fit into one turn of issuing. Both engines, a real licet-signer.
 */
#include "store/issuing.h"

#define LINES FAMILY_LINES_MAX
#define GENERATIONS 130 /* of 36 KB each: above the 4 MiB of a turn, and above its 128 files */
#define FIRST_ID 100000

/* As long as a line's number may be, with its digits. */
#define LONG "0123456789-0123456789-0123456789-0123456789-0123456789-"

#define MANY_SQL                                                                                   \
    "WITH RECURSIVE many (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM many WHERE i < $1)"

static enum status entitlements_insert(struct db_transaction *transaction, void *context,
                                       struct error *error)
{
    static const char *const sql[] = {
        MANY_SQL
        " INSERT INTO order_line (id, order_id, edition_id, seats, maintenance, expiry)"
        " SELECT 100000 + i, line.order_id, line.edition_id, 500, '2027-11-24', 'permanent'"
        " FROM many, order_line line WHERE line.id = (SELECT MIN(id) FROM order_line)",
        MANY_SQL " INSERT INTO entitlement (id, order_line_id, customer_id, edition_id, sn, code,"
                 " maintenance, expiry, state, created, activated) SELECT 100000 + i, 100000 + i,"
                 " one.customer_id, line.edition_id, 'LA-' || '" LONG
                 "' || i, 'large-' || i, '2027-11-24',"
                 " 'permanent', 'activated', 1, 1 FROM many, entitlement one, order_line line"
                 " WHERE one.id = (SELECT MIN(id) FROM entitlement)"
                 " AND line.id = 100000 + i",
        MANY_SQL " INSERT INTO account (entitlement_id, kind, server_id, seats)"
                 " SELECT 100000 + i, 'OWNED', 0, 500 FROM many",
        MANY_SQL " INSERT INTO account (entitlement_id, kind, server_id, seats)"
                 " SELECT 100000 + i, 'AVAILABLE', 0, 500 FROM many",
        MANY_SQL " INSERT INTO ledger (entitlement_id, from_kind, from_server, to_kind, to_server,"
                 " seats, act, at) SELECT 100000 + i, 'OWNED', 0, 'AVAILABLE', 0, 500, 'order', 1"
                 " FROM many",
    };
    enum status status = LICET_OK;

    (void)context;
    for (size_t i = 0; status == LICET_OK && i < sizeof(sql) / sizeof(sql[0]); i++)
        status = db_execute(transaction, sql[i], DB_ARGUMENTS(db_int(LINES)), NULL, error);
    return status;
}

/* ---- a change set of many lines */

struct many {
    struct issue_line lines[LINES + 1];
    uint32_t count;
    char serial[32];
};

static enum status act_many(struct db_transaction *transaction, void *context, struct error *error)
{
    const struct many *many = context;
    char *memory = malloc(ALLOCATION_ARENA_BYTES);
    struct arena arena = arena_over(memory, ALLOCATION_ARENA_BYTES);
    struct change_set changes = {.act = "allocate",
                                 .server_id = server_ids[0],
                                 .lines = many->lines,
                                 .lines_count = many->count,
                                 .serial = text_of(many->serial),
                                 .now = clock_unix()};
    int64_t issue_id;
    enum status status = allocation_change(transaction, &changes, &arena, &issue_id, error);

    free(memory);
    return status;
}

static enum status allocate_many(uint32_t count, uint32_t seats, struct error *error)
{
    static struct many many;

    many.count = count;
    for (uint32_t i = 0; i < count; i++)
        many.lines[i] = (struct issue_line){FIRST_ID + i, i == 0 ? seats : 1};
    snprintf(many.serial, sizeof(many.serial), "M-%d", ++serials);
    return store_transact(store, act_many, &many, error);
}

static void test_large(struct engine *engine)
{
    static struct turn turn;
    struct error error = {0};
    uint32_t done = 1, made = 0;
    int64_t released;

    engine_ok(engine,
              store_transact(store, entitlements_insert, NULL, &error) == LICET_OK &&
                  allocate_many(LINES + 1, 1, &error) == LICET_OVER_LIMIT &&
                  strstr(error.text, "256") != NULL,
              "R4.3 a license server has no more lines of a product than licetd serves");
    for (uint32_t i = 0; i < GENERATIONS; i++)
        made += allocate_many(LINES, 1 + i, &error) == LICET_OK ? 1 : 0;
    released = count_issues().released;
    turn_open(&turn, store, &options, &error);
    for (int turns = 0; turns < 10 && done > 0; turns++) {
        done = 0;
        if (turn_run(&turn, &done, &error) != LICET_OK)
            break;
    }
    engine_ok(engine,
              made == GENERATIONS && count_issues().released == released + GENERATIONS &&
                  count_issues().unsettled == 0,
              "R6.8 large files that wait together are made in turns");
    turn_finish(&turn);
}

int main(void)
{
    return issuing_main(test_large);
}
