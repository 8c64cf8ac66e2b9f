/*
 * The auditor finds each kind of damage and names it. A database of everything that there can be is
 * made once; each damage is done in a transaction, audited there, and rolled back.
 */
#include "store/asking.h"

/* Done to the database by hand. `select` and `update` turn one byte in the middle of a value. */
struct damage {
    const char *what;
    const char *sql;
    const char *select, *update;
    const char *rule, *row; /* what one line of the findings must hold */
};

static const struct damage damages[] = {
    {.what = "an account that grew by itself",
     .sql = "UPDATE account SET seats = seats + 1 WHERE kind = 'AVAILABLE' AND entitlement_id = 1",
     .rule = "INV-1 AVAILABLE of ",
     .row = "LA-"},
    {.what = "an account of a license server that grew by itself",
     .sql = "UPDATE account SET seats = seats + 1 WHERE kind = 'ALLOCATED' AND server_id = 1",
     .rule = "INV-1 ALLOCATED of LA-",
     .row = " on S-"},
    {.what = "a step that was changed",
     .sql = "UPDATE ledger SET seats = seats + 1 WHERE id = (SELECT MIN(id) FROM ledger)",
     .rule = "INV-1 ",
     .row = "the steps of its ledger come to"},
    {.what = "a step that was removed",
     .sql = "DELETE FROM ledger WHERE id = (SELECT MIN(id) FROM ledger)",
     .rule = "INV-1 step ",
     .row = "than it had"},
    {.what = "an account that was removed",
     .sql = "DELETE FROM account WHERE kind = 'AVAILABLE' AND entitlement_id = 1",
     .rule = "INV-1 step ",
     .row = "that is not there"},
    {.what = "OWNED beside the sum of the others",
     .sql = "UPDATE account SET seats = seats + 1 WHERE kind = 'OWNED' AND entitlement_id = 1",
     .rule = "INV-1 OWNED of ",
     .row = "its other accounts add up to"},
    {.what = "an order of fewer seats than were given",
     .sql = "UPDATE order_line SET seats = seats - 1 WHERE id = 1",
     .rule = "INV-1 OWNED of ",
     .row = "bought"},
    {.what = "an entitlement of an order that is not fulfilled",
     .sql = "UPDATE orders SET state = 'approved' WHERE id = 1",
     .rule = "R6.1 order O-",
     .row = "has an entitlement"},
    {.what = "an entitlement of another customer",
     .sql = "UPDATE entitlement SET customer_id = (SELECT id FROM organization WHERE number ="
            " 'C-1000002') WHERE id = 1",
     .rule = "R6.1 LA-",
     .row = "another customer"},
    {.what = "seats that are charged and in no file",
     .sql = "UPDATE issue_line SET seats = seats - 1 WHERE issue_id = (SELECT id FROM issue"
            " WHERE server_id = 1 ORDER BY generation DESC LIMIT 1)",
     .rule = "INV-2 R6.2 S-",
     .row = "ALLOCATED"},
    {.what = "a receipt's line that was changed",
     .sql = "UPDATE receipt_line SET seats = seats + 500",
     .rule = "INV-2 R6.2 S-",
     .row = "RETURN_PENDING"},
    {.what = "a generation that is gone",
     .sql = "UPDATE issue SET generation = generation + 3 WHERE server_id = 1 AND generation = 2",
     .rule = "INV-9 generation 1 of S-",
     .row = "followed by"},
    {.what = "a generation that was voided without a reason",
     .sql = "UPDATE issue SET problem = NULL WHERE state = 'voided'",
     .rule = "INV-9 generation ",
     .row = "without a reason"},
    {.what = "a license server at another generation",
     .sql = "UPDATE server SET generation = generation + 1 WHERE id = 1",
     .rule = "INV-9 R4.6 S-",
     .row = "its last one is 2"},
    {.what = "a generation that was issued before the one before it",
     .sql = "UPDATE issue SET issued = issued - 100000 WHERE server_id = 1 AND generation = 2",
     .rule = "INV-9 R9.4 generation 2 of S-",
     .row = "before the one before it"},
    {.what = "a generation before another in the log",
     .sql = "UPDATE issue SET log_index = 1000 WHERE server_id = 1 AND generation = 1",
     .rule = "INV-9 R6.8 generation 2 of S-",
     .row = "leaf"},
    {.what = "a byte of a file",
     .select = "SELECT file FROM issue WHERE server_id = 1 AND generation = 1",
     .update = "UPDATE issue SET file = $1 WHERE server_id = 1 AND generation = 1",
     .rule = "R2.6 generation 1 of S-",
     .row = "signature"},
    {.what = "a byte of a payload",
     .select = "SELECT payload FROM issue WHERE server_id = 1 AND generation = 1",
     .update = "UPDATE issue SET payload = $1 WHERE server_id = 1 AND generation = 1",
     .rule = "INV-6 generation 1 of S-",
     .row = "what was signed"},
    {.what = "a payload's hash",
     .sql = "UPDATE issue SET payload_hash = 'SHA256:AAAA' WHERE server_id = 1 AND generation = 1",
     .rule = "INV-5 generation 1 of S-",
     .row = "hash"},
    {.what = "the certificate that was meant",
     .select = "SELECT certificate FROM issue WHERE server_id = 1 AND generation = 1",
     .update = "UPDATE issue SET certificate = $1 WHERE server_id = 1 AND generation = 1",
     .rule = "R9.4 generation 1 of S-",
     .row = "certificate"},
    {.what = "a serial",
     .sql = "UPDATE issue SET serial = 'L-other' WHERE server_id = 1 AND generation = 1",
     .rule = "INV-5 generation 1 of S-",
     .row = "serial"},
    {.what = "an issue time",
     .sql = "UPDATE issue SET issued = issued - 1 WHERE server_id = 1 AND generation = 1",
     .rule = "INV-5 generation 1 of S-",
     .row = "issue time"},
    {.what = "a license server of another customer",
     .sql = "UPDATE server SET customer_id = (SELECT id FROM organization WHERE number ="
            " 'C-1000002') WHERE id = 1",
     .rule = "R3.4 generation 1 of S-",
     .row = "another customer"},
    {.what = "the number of a license server",
     .sql = "UPDATE server SET number = 'S-OTHER' WHERE id = 1",
     .rule = "R3.1 generation 1 of S-OTHER",
     .row = "another license server"},
    {.what = "the key of a license server",
     .sql = "UPDATE server SET public_key = NULL WHERE id = 1",
     .rule = "R3.1 generation 1 of S-",
     .row = "another key"},
    {.what = "a line of an old generation",
     .sql = "UPDATE issue_line SET seats = seats - 1 WHERE issue_id = (SELECT id FROM issue"
            " WHERE server_id = 1 AND generation = 1)",
     .rule = "INV-2 generation 1 of S-",
     .row = "the lines of the file"},
    {.what = "an overdraft that no file has",
     .sql = "UPDATE edition SET overdraft_percent = overdraft_percent + 50",
     .rule = "INV-2 generation 1 of S-",
     .row = "the lines of the file"},
    {.what = "a date that no file has",
     .sql = "UPDATE entitlement SET expiry = '2031-01-31'",
     .rule = "INV-2 generation 1 of S-",
     .row = "the lines of the file"},
    {.what = "a leaf that is gone",
     .sql = "UPDATE issue SET log_index = NULL WHERE log_index = 1",
     .rule = "INV-4 generation ",
     .row = "the leaf before it is missing"},
    {.what = "a generation with its bytes and without a leaf",
     .sql = "UPDATE issue SET log_index = NULL WHERE log_index = 1",
     .rule = "INV-3 ",
     .row = "of them stand in the issue log"},
    {.what = "another leaf in the place of one",
     .sql = "UPDATE issue SET payload_hash = 'SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU'"
            " WHERE log_index = 0",
     .rule = "INV-4 generation ",
     .row = "log="},
    {.what = "the last leaf",
     .sql = "UPDATE issuer SET log_size = log_size + 1",
     .rule = "INV-4 ",
     .row = "the files are"},
    {.what = "the frontier of the log",
     .select = "SELECT log_frontier FROM issuer",
     .update = "UPDATE issuer SET log_frontier = $1",
     .rule = "INV-4 ",
     .row = "frontier"},
    {.what = "a byte of a receipt",
     .select = "SELECT text FROM receipt WHERE id = 1",
     .update = "UPDATE receipt SET text = $1 WHERE id = 1",
     .rule = "R5.1 receipt 2 of S-",
     .row = "signature"},
    {.what = "a receipt's hash",
     .sql = "UPDATE receipt SET hash = 'SHA256:AAAA' WHERE id = 1",
     .rule = "R5.1 receipt 2 of S-",
     .row = "hash"},
    {.what = "a receipt's epoch",
     .sql = "UPDATE receipt SET epoch = epoch + 1 WHERE id = 1",
     .rule = "R5.1 receipt 2 of S-",
     .row = "epoch"},
    {.what = "what is stored of a receipt",
     .sql = "UPDATE receipt_line SET until = until + 1 WHERE receipt_id = 1",
     .rule = "R5.1 receipt 2 of S-",
     .row = "lines"},
    {.what = "a receipt of another license server",
     .sql = "UPDATE receipt SET server_id = 1 WHERE id = 1",
     .rule = "R5.1 receipt 2 of S-",
     .row = "another license server"},
    {.what = "the file that a receipt is about",
     .sql = "UPDATE issue SET payload_hash = 'SHA256:AAAA' WHERE server_id ="
            " (SELECT server_id FROM receipt WHERE id = 1)"
            " AND generation = (SELECT generation FROM receipt WHERE id = 1)",
     .rule = "R6.2 receipt 2 of S-",
     .row = "never issued"},
    {.what = "a byte of a request",
     .select = "SELECT request FROM exchange WHERE id = 1",
     .update = "UPDATE exchange SET request = $1 WHERE id = 1",
     .rule = "R5.2 request 1 of S-",
     .row = "signature"},
    {.what = "a request's hash",
     .sql = "UPDATE exchange SET request_hash = 'SHA256:AAAA' WHERE id = 1",
     .rule = "R5.2 request 1 of S-",
     .row = "another request"},
    {.what = "a request's counter",
     .sql = "UPDATE exchange SET counter = 7 WHERE id = 1",
     .rule = "R5.2 request 7 of S-",
     .row = "counter"},
    {.what = "a byte of a response",
     .select = "SELECT response FROM exchange WHERE id = 1",
     .update = "UPDATE exchange SET response = $1 WHERE id = 1",
     .rule = "R5.2 request 1 of S-",
     .row = "signature"},
    {.what = "a response's hash",
     .sql = "UPDATE exchange SET payload_hash = 'SHA256:AAAA' WHERE id = 1",
     .rule = "R5.2 request 1 of S-",
     .row = "its response has another hash"},
    {.what = "the file behind a response",
     .sql = "UPDATE exchange SET file_issue_id = (SELECT id FROM issue WHERE server_id = 1"
            " AND generation = 1) WHERE id = 1",
     .rule = "R5.2 request 1 of S-",
     .row = "not the one it names"},
    {.what = "a response with a file that was never released",
     .sql = "UPDATE exchange SET file_issue_id = (SELECT id FROM issue WHERE state = 'numbered')"
            " WHERE id = 1",
     .rule = "INV-10 R5.2 request 1 of S-",
     .row = "never released"},
    {.what = "a last receipt that is gone",
     .sql = "UPDATE server SET receipt_id = 1000 WHERE receipt_id = 1",
     .rule = "R5.1 the last receipt of S-",
     .row = "not there"},
    {.what = "a last receipt of another license server",
     .sql = "UPDATE server SET receipt_id = 1 WHERE id = 1",
     .rule = "R5.1 the last receipt of S-",
     .row = "another license server"},
    {.what = "a request that asked for another server's generation",
     .sql = "UPDATE exchange SET issue_id = (SELECT id FROM issue WHERE server_id = 1"
            " AND generation = 1) WHERE id = 1",
     .rule = "R5.2 request 1 of S-",
     .row = "another license server's"},
    {.what = "what came of an act",
     .sql = "UPDATE exchange_result SET seats = seats + 1 WHERE exchange_id = 1 AND number = 1",
     .rule = "R5.2 request 1 of S-",
     .row = "results"},
};

struct damaging {
    const struct damage *damage;
    struct audit_options options;
    struct audit_summary summary;
    bool is_done, is_found;
    char first[ERROR_TEXT_MAX];
};

static void damage_found(void *context, const char *line)
{
    struct damaging *damaging = context;

    if (damaging->first[0] == '\0')
        snprintf(damaging->first, sizeof(damaging->first), "%s", line);
    if (strncmp(line, damaging->damage->rule, strlen(damaging->damage->rule)) == 0 &&
        strstr(line, damaging->damage->row) != NULL)
        damaging->is_found = true;
}

static enum status damage_turn(struct db_transaction *transaction, const struct damage *damage,
                               struct error *error)
{
    static char memory[LOOK_BYTES];
    struct arena arena = arena_over(memory, sizeof(memory));
    struct text bytes;
    enum status status = db_row(transaction, damage->select, DB_NO_ARGUMENTS,
                                DB_COLUMNS(db_ret_bytes(&bytes, &arena)), error);

    if (status != LICET_OK)
        return status;
    memory[(size_t)(bytes.data - memory) + bytes.size / 2] ^= 1;
    return db_execute(transaction, damage->update, DB_ARGUMENTS(db_bytes(bytes)), NULL, error);
}

/* Security: LICET_FORBIDDEN takes the damage back. */
static enum status act_damage(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    struct damaging *damaging = context;
    int64_t changes = 1;
    enum status status =
        damaging->damage->sql == NULL
            ? damage_turn(transaction, damaging->damage, error)
            : db_execute(transaction, damaging->damage->sql, DB_NO_ARGUMENTS, &changes, error);

    damaging->is_done = status == LICET_OK && changes > 0;
    if (damaging->is_done)
        status = audit_transaction(transaction, &damaging->options, &damaging->summary, error);
    return status == LICET_OK ? LICET_FORBIDDEN : status;
}

static void test_damage(struct engine *engine, const struct damage *damage)
{
    struct damaging damaging = {.damage = damage};
    struct error error = {0};

    damaging.options =
        (struct audit_options){.trust = &trust, .found = damage_found, .context = &damaging};
    store_transact(store, act_damage, &damaging, &error);
    if (!ok(damaging.is_done && damaging.is_found, "%s: found and named: %s", engine->name,
            damage->what))
        printf("# %s %s\n", damaging.first, error.text);
}

/* ---- a database of everything */

static bool ask(struct issuing *issuing, struct asking *asking, struct answer *answer)
{
    struct error error = {0};

    if (!asking_sign(asking) || store_transact(store, act_ask, asking, &error) != LICET_OK) {
        printf("# %s\n", error.text);
        return false;
    }
    issuing_wake(issuing);
    answer->exchange_id = asking->exchange_id;
    return wait_for_answer(issuing, answer);
}

/* A request that enrols and activates, and one that is a receipt of what came of it. */
static bool make_requests(struct issuing *issuing)
{
    static struct asking first, second;
    static struct answer answer;
    static char memory[LICENSE_ARENA_BYTES(LOOK_BYTES)];
    struct arena arena = arena_over(memory, sizeof(memory));
    struct reading reading = {.id = 1};
    struct license license;
    char code[64];

    memset(&first, 0, sizeof(first));
    memset(&second, 0, sizeof(second));
    memset(&answer, 0, sizeof(answer));
    store_read(store, act_read, &reading, NULL);
    snprintf(code, sizeof(code), "%.*s", TEXT_ARGS(reading.entitlements[1].code));
    first.seed = second.seed = 200;
    first.customer_id = world.customer_id;
    first.request.head.counter = 1;
    first.request.acts_count = 1;
    first.acts[0] = (struct request_act){.kind = ACT_ACTIVATE, .code = text_of(code), .seats = 40};
    if (!ask(issuing, &first, &answer) ||
        license_read(answer.file, &trust, &arena, &license, NULL) != LICET_OK)
        return false;
    asking_follow(&second, &license, 2);
    return ask(issuing, &second, &answer);
}

static enum status act_cancel(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    const int64_t *issue_id = context;
    char *memory = malloc(ALLOCATION_ARENA_BYTES);
    struct arena arena = arena_over(memory, ALLOCATION_ARENA_BYTES);
    enum status status =
        allocation_cancel(transaction, *issue_id, TEXT("ticket 17"), now, &arena, error);

    free(memory);
    return status;
}

/* Two generations of a server, one that is voided, one whose file waits for its server's key, and
 * one that the signer's cap keeps numbered. */
static bool make_everything(void)
{
    struct issuing *issuing = start();
    enum status status;
    int64_t voided = allocate(SERVERS, 3, &status), numbered, last;
    bool is_made = store_transact(store, act_cancel, &voided, NULL) == LICET_OK;

    allocate(SERVERS, 5, &status);
    allocate(0, 30, &status);
    last = allocate(0, 20, &status);
    numbered = allocate(2, 1100, &status);
    issuing_wake(issuing);
    is_made = is_made && wait_for(issuing, last).issue.state == ISSUE_RELEASED &&
              wait_for(issuing, numbered).issue.state == ISSUE_NUMBERED && make_requests(issuing);
    issuing_stop(issuing);
    return is_made;
}

struct blame {
    uint64_t lines, roots; /* findings, and those that say that root= may be wrong */
    bool is_database;      /* one says that the database was changed */
};

static void count_lines(void *context, const char *line)
{
    struct blame *blame = context;

    blame->lines++;
    blame->roots += strstr(line, "root= or vendor= of this audit may be wrong") != NULL;
    if (strstr(line, "changed the database") != NULL)
        blame->is_database = true;
}

/* Whoever pins another root sees that none of the files is the vendor's, and hears nothing of a
 * database that was changed. */
static void test_root(struct engine *engine)
{
    struct trust other = trust;
    struct blame blame = {.lines = 0};
    struct audit_options looking = {.trust = &other, .found = count_lines, .context = &blame};
    struct audit_summary summary = {.findings = 0};

    other.roots[0].bytes[3] ^= 1;
    engine_ok(engine,
              portal_audit(store, &looking, &summary, NULL) == LICET_OK && blame.lines > 0 &&
                  summary.findings == blame.lines && blame.lines >= summary.files,
              "R9 no file is good under another root");
    if (!engine_ok(
            engine, blame.roots == blame.lines && !blame.is_database,
            "the audit then says that root= may be wrong, and not that the database changed"))
        printf("# %u of %u lines\n", (unsigned)blame.roots, (unsigned)blame.lines);
}

static void test_audit(struct engine *engine)
{
    struct counts counts;

    if (!engine_ok(engine, make_everything(), "there is a database of everything"))
        return;
    counts = count_issues();
    engine_ok(engine, counts.released == 3 && counts.unsettled == 2,
              "with files that are on their way");
    audited(engine, store, &trust);
    for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++)
        test_damage(engine, &damages[i]);
    test_root(engine);
}

int main(void)
{
    return issuing_main(test_audit);
}
