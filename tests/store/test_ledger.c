/*
 * The seat ledger against a plain model of R6.1 and R6.2: random acts of a vendor and of license
 * servers that really hold seats. After every act each account is what the model says, and the
 * seats in use anywhere are never more than were bought. Then the same acts from many threads.
 */
#include "portal/allocation/allocation.h"
#include "portal/allocation/charge.h"
#include "portal/allocation/receipt.h"
#include "store/entitlement.h"
#include "store/issuer.h"
#include "store/receipt.h"
#include "store/store.h"

#include "unit/db/engines.h"

#define ENTITLEMENTS 3
#define SERVERS 3
#define OWNED 20
#define GENERATIONS_MAX 4000
/* The rules are the same code on both engines; a server in another process is asked ten times as slowly. */
#define ACTS_SQLITE 2000
#define ACTS_POSTGRESQL 500

static const struct unix_time now = {1795000000};

/* ---- the model: written from the rules, with plain lists */

struct generation {
    uint32_t seats[ENTITLEMENTS];
    bool is_released, is_voided;
    int64_t issue_id;
};

struct license_server {
    struct generation generations[GENERATIONS_MAX];
    uint32_t count; /* of generations; number n is at n - 1 */
    uint32_t receipt_generation;
    uint32_t receipt[ENTITLEMENTS]; /* seats + overhang */
    /* the licetd itself */
    uint32_t installed;
    uint32_t in_use[ENTITLEMENTS];
    uint32_t overhang[ENTITLEMENTS];
    uint64_t counter;
};

static struct license_server servers[SERVERS];

static uint32_t server_seats(const struct license_server *server, uint32_t generation, int e)
{
    return generation == 0 ? 0 : server->generations[generation - 1].seats[e];
}

static uint32_t server_newest(const struct license_server *server, int e)
{
    uint32_t at = server->count;

    while (at > 0 && server->generations[at - 1].is_voided)
        at--;
    return server_seats(server, at, e);
}

static uint32_t server_charge(const struct license_server *server, int e)
{
    uint32_t charge = server->receipt[e];

    for (uint32_t at = server->receipt_generation; at < server->count; at++) {
        if (!server->generations[at].is_voided && server->generations[at].seats[e] > charge)
            charge = server->generations[at].seats[e];
    }
    return charge;
}

static uint32_t model_available(int e)
{
    uint32_t charged = 0;

    for (int s = 0; s < SERVERS; s++)
        charged += server_charge(&servers[s], e);
    return OWNED - charged;
}

/* ---- the database under test */

static struct store *store;
static char place[ALLOCATION_ARENA_BYTES];
static unsigned long long random_state = 42;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(random_state >> 33) % limit;
}

static enum status world_insert(struct db_transaction *transaction, void *context,
                                struct error *error)
{
    static const char *const rows[] = {
        "INSERT INTO organization (kind, name, number) VALUES ('customer', 'Customer', 'C-1')",
        "INSERT INTO program (name) VALUES ('Easy')",
        "INSERT INTO agreement (program_id, customer_id, number, state, created)"
        " VALUES (1, 1, 'R-1', 'active', 1)",
        "INSERT INTO product (name, is_bound_by_name, is_whole_only) VALUES ('Cad', 0, 0)",
        "INSERT INTO edition (product_id, feature, name, rank, overdraft_percent, ttl_s, drain_s,"
        " grace_s, borrow_s) VALUES (1, 'cad', 'Pro', 1, 0, 300, 86400, 0, 0)",
        "INSERT INTO orders (number, partner_id, customer_id, agreement_id, po_number, contact,"
        " state, created, changed) VALUES ('O-1', 1, 1, 1, 'PO', 'a@b', 'fulfilled', 1, 1)",
    };
    static const char *const lines[] = {"1", "2", "3"};
    enum status status = LICET_OK;

    (void)context;
    for (size_t i = 0; status == LICET_OK && i < sizeof(rows) / sizeof(rows[0]); i++)
        status = db_execute(transaction, rows[i], DB_NO_ARGUMENTS, NULL, error);
    for (int e = 0; status == LICET_OK && e < ENTITLEMENTS; e++) {
        struct entitlement entitlement = {.order_line_id = e + 1,
                                          .customer_id = 1,
                                          .edition_id = 1,
                                          .sn = text_of(lines[e]),
                                          .code = text_of(lines[e]),
                                          .maintenance = TEXT("2027-01-01"),
                                          .expiry = TEXT("permanent"),
                                          .created = now};
        struct transfer bought = {.from.kind = ACCOUNT_OWNED,
                                  .to.kind = ACCOUNT_AVAILABLE,
                                  .seats = OWNED,
                                  .act = "fulfil",
                                  .at = now};

        status = db_execute(transaction,
                            "INSERT INTO order_line (order_id, edition_id, seats, maintenance,"
                            " expiry) VALUES (1, 1, 20, '2027-01-01', 'permanent')",
                            DB_NO_ARGUMENTS, NULL, error);
        if (status == LICET_OK)
            status =
                store_entitlement_insert(transaction, &entitlement, &bought.entitlement_id, error);
        if (status == LICET_OK)
            status = store_entitlement_activate(transaction, bought.entitlement_id, now, error);
        if (status == LICET_OK)
            status = store_ledger_transfer(transaction, &bought, error);
    }
    for (int s = 0; status == LICET_OK && s < SERVERS; s++) {
        struct server server = {.number = text_of(lines[s]),
                                .customer_id = 1,
                                .name = TEXT("HOST"),
                                .short_name = TEXT("host"),
                                .public_key = text_of(lines[s]),
                                .created = now};
        int64_t id;

        status = store_server_insert(transaction, &server, &id, error);
    }
    return status;
}

/* ---- acts */

struct act {
    int64_t server_id;
    struct issue_line line;
    uint64_t serial;
    int64_t issue_id;
    struct receipt *receipt;
    struct receipt_taken taken;
    struct text file;
    char *place;
};

static enum status act_change(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    struct act *act = context;
    struct arena arena = arena_over(act->place, ALLOCATION_ARENA_BYTES);
    char serial[32];
    struct change_set changes = {.act = "change",
                                 .server_id = act->server_id,
                                 .lines = &act->line,
                                 .lines_count = 1,
                                 .now = now};

    snprintf(serial, sizeof(serial), "%llu", (unsigned long long)act->serial);
    changes.serial = text_of(serial);
    return allocation_change(transaction, &changes, &arena, &act->issue_id, error);
}

/* What the issuer does, with a payload that says only whose it is. */
static enum status act_number(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    struct act *act = context;
    char payload[32], bytes[HASH_TEXT_BYTES];
    struct buf hash_text = buf_over(bytes, sizeof(bytes));
    struct issue issue = {.id = act->issue_id, .issued = now, .log_index = act->issue_id};
    struct hash hash;

    snprintf(payload, sizeof(payload), "%lld", (long long)act->issue_id);
    hash = hash_of(text_of(payload));
    hash_print(&hash, &hash_text);
    issue.certificate = TEXT("certificate");
    issue.payload_hash = buf_text(&hash_text);
    return store_issue_number(transaction, &issue, text_of(payload), error);
}

static enum status act_release(struct db_transaction *transaction, void *context,
                               struct error *error)
{
    struct act *act = context;

    return store_issue_release(transaction, act->issue_id, TEXT("file"), error);
}

static enum status act_cancel(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    struct act *act = context;
    struct arena arena = arena_over(act->place, ALLOCATION_ARENA_BYTES);

    return allocation_cancel(transaction, act->issue_id, TEXT("refused"), now, &arena, error);
}

static enum status act_receipt(struct db_transaction *transaction, void *context,
                               struct error *error)
{
    struct act *act = context;
    struct arena arena = arena_over(act->place, ALLOCATION_ARENA_BYTES);
    struct server server;
    enum status status = store_server_get(transaction, act->server_id, &arena, &server, error);

    if (status != LICET_OK)
        return status;
    return receipt_take(transaction, act->receipt, TEXT("text"), &server, now, &arena, &act->taken,
                        error);
}

/* ---- what must hold */

struct check {
    bool looks_at_ledger;
    bool is_equal, adds_up, ledger_agrees;
};

static enum status check_read(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    static const char wrong_sql[] =
        "SELECT COUNT(*) FROM (SELECT entitlement_id FROM account GROUP BY entitlement_id"
        " HAVING SUM(CASE WHEN kind = 'OWNED' THEN -seats ELSE seats END) <> 0) AS wrong";
    static const char ledger_sql[] =
        "SELECT COUNT(*) FROM account WHERE seats <>"
        " COALESCE((SELECT SUM(CASE WHEN ledger.to_kind = account.kind THEN ledger.seats ELSE 0"
        "   END - CASE WHEN ledger.from_kind = account.kind THEN ledger.seats ELSE 0 END)"
        "   FROM ledger WHERE ledger.entitlement_id = account.entitlement_id"
        "   AND ((ledger.to_kind = account.kind AND ledger.to_server = account.server_id)"
        "   OR (ledger.from_kind = account.kind AND ledger.from_server = account.server_id))), 0)"
        " * CASE WHEN kind = 'OWNED' THEN -1 ELSE 1 END";
    struct check *check = context;
    int64_t wrong, disagreeing = 0;
    enum status status =
        db_row(transaction, wrong_sql, DB_NO_ARGUMENTS, DB_COLUMNS(db_ret_int(&wrong)), error);

    if (status == LICET_OK && check->looks_at_ledger)
        status = db_row(transaction, ledger_sql, DB_NO_ARGUMENTS,
                        DB_COLUMNS(db_ret_int(&disagreeing)), error);
    if (status != LICET_OK)
        return status;
    check->adds_up = wrong == 0;
    check->ledger_agrees = disagreeing == 0;
    for (int e = 0; status == LICET_OK && e < ENTITLEMENTS; e++) {
        uint32_t seats;

        status = store_ledger_seats(transaction, e + 1, (struct account){ACCOUNT_AVAILABLE, 0},
                                    &seats, error);
        check->is_equal = check->is_equal && seats == model_available(e);
        for (int s = 0; status == LICET_OK && s < SERVERS; s++) {
            uint32_t pending = 0;

            status = store_ledger_seats(transaction, e + 1,
                                        (struct account){ACCOUNT_ALLOCATED, s + 1}, &seats, error);
            if (status == LICET_OK)
                status = store_ledger_seats(transaction, e + 1,
                                            (struct account){ACCOUNT_RETURN_PENDING, s + 1},
                                            &pending, error);
            check->is_equal = check->is_equal && seats == server_newest(&servers[s], e) &&
                              seats + pending == server_charge(&servers[s], e);
        }
    }
    return status;
}

static bool seats_fit(void)
{
    for (int e = 0; e < ENTITLEMENTS; e++) {
        uint32_t used = 0;

        for (int s = 0; s < SERVERS; s++) {
            uint32_t seats = server_seats(&servers[s], servers[s].installed, e);

            used += servers[s].in_use[e] > seats ? servers[s].in_use[e] : seats;
        }
        if (used > OWNED)
            return false;
    }
    return true;
}

/* ---- the random life */

static unsigned surprises;

static void expect(enum status status, enum status expected, const struct error *error,
                   const char *what)
{
    if (status == expected)
        return;
    if (surprises++ < 5)
        printf("# %s gave %d where %d was expected: %s\n", what, status, expected, error->text);
}

static void life_change(int s, int e, uint64_t serial)
{
    struct license_server *server = &servers[s];
    struct act act = {.server_id = s + 1, .serial = serial, .place = place};
    struct generation next = {.is_released = false};
    uint32_t charge_before = server_charge(server, e);
    uint32_t seats = random_below(OWNED + 1);
    enum status expected = LICET_OK;
    struct error error;
    enum status status;

    for (int other = 0; other < ENTITLEMENTS; other++)
        next.seats[other] = server_newest(server, other);
    if (next.seats[e] == seats)
        expected = LICET_CONFLICT;
    else if (seats > charge_before && seats - charge_before > model_available(e))
        expected = LICET_NO_SEAT;
    act.line = (struct issue_line){.entitlement_id = e + 1, .seats = seats};
    status = store_transact(store, act_change, &act, &error);
    expect(status, expected, &error, "R6.2 a change");
    if (status != LICET_OK)
        return;
    next.seats[e] = seats;
    next.issue_id = act.issue_id;
    server->generations[server->count++] = next;
}

static void life_issue(struct license_server *server, bool is_cancelled)
{
    struct act act = {.place = place};
    struct error error;

    for (uint32_t at = 0; at < server->count; at++) {
        struct generation *generation = &server->generations[at];

        if (generation->is_released || generation->is_voided)
            continue;
        act.issue_id = generation->issue_id;
        expect(store_transact(store, act_number, &act, &error), LICET_OK, &error, "numbering");
        if (is_cancelled)
            expect(store_transact(store, act_cancel, &act, &error), LICET_OK, &error, "a cancel");
        else
            expect(store_transact(store, act_release, &act, &error), LICET_OK, &error, "a release");
        generation->is_released = !is_cancelled;
        generation->is_voided = is_cancelled;
        return;
    }
}

/* R5.1: lost seats that are in use are held over; nothing in use is taken away. */
static void life_install(struct license_server *server)
{
    for (uint32_t at = server->count; at > server->installed; at--) {
        if (!server->generations[at - 1].is_released)
            continue;
        server->installed = at;
        break;
    }
}

static void life_use(struct license_server *server, int e)
{
    uint32_t seats = server_seats(server, server->installed, e);

    if (random_below(2) == 0 && server->in_use[e] < seats)
        server->in_use[e] += 1 + random_below(seats - server->in_use[e]);
    else
        server->in_use[e] -= random_below(server->in_use[e] + 1);
}

static void life_receipt(int s, bool lies)
{
    struct license_server *server = &servers[s];
    struct receipt_line lines[ENTITLEMENTS];
    struct receipt receipt = {.lines = lines};
    struct act act = {.server_id = s + 1, .receipt = &receipt, .place = place};
    char number[16], payload[32];
    static const char *const names[] = {"1", "2", "3"};
    struct error error;
    enum status status;
    struct generation *generation;

    if (server->installed == 0)
        return;
    generation = &server->generations[server->installed - 1];
    snprintf(number, sizeof(number), "%d", s + 1);
    snprintf(payload, sizeof(payload), "%lld", (long long)generation->issue_id);
    receipt.head.server = text_of(number);
    receipt.head.generation = server->installed;
    receipt.head.payload = hash_of(text_of(payload));
    receipt.head.counter = ++server->counter;
    receipt.payload_hash.bytes[0] = (uint8_t)(s + 1);
    memcpy(receipt.payload_hash.bytes + 8, &server->counter, sizeof(server->counter));
    for (int e = 0; e < ENTITLEMENTS; e++) {
        uint32_t seats = generation->seats[e];
        uint32_t overhang = server->in_use[e] > seats ? server->in_use[e] - seats : 0;

        if (seats > 0 || overhang > 0)
            lines[receipt.lines_count++] = (struct receipt_line){
                .sn = text_of(names[e]), .seats = seats, .overhang = overhang};
    }
    if (lies && receipt.lines_count > 0) {
        lines[0].overhang = OWNED + 1;
        status = store_transact(store, act_receipt, &act, &error);
        expect(status, LICET_CONFLICT, &error, "R6.2 a receipt that claims too much");
        return;
    }
    status = store_transact(store, act_receipt, &act, &error);
    expect(status, LICET_OK, &error, "R5.1 a receipt");
    if (status != LICET_OK)
        return;
    if (!act.taken.is_new)
        expect(LICET_OK, LICET_CONFLICT, &error, "a new receipt is taken for an old one");
    server->receipt_generation = server->installed;
    for (int e = 0; e < ENTITLEMENTS; e++)
        server->receipt[e] = 0;
    for (uint32_t i = 0; i < receipt.lines_count; i++)
        server->receipt[lines[i].sn.data[0] - '1'] = lines[i].seats + lines[i].overhang;
    /* R5.1: an older or repeated receipt changes nothing. */
    receipt.head.counter -= random_below(2);
    status = store_transact(store, act_receipt, &act, &error);
    expect(status, LICET_OK, &error, "a repeated receipt");
    if (act.taken.is_new)
        expect(LICET_OK, LICET_CONFLICT, &error, "an old receipt is taken for a new one");
}

static void test_life(unsigned acts)
{
    struct check check = {.is_equal = true, .adds_up = true, .ledger_agrees = true};
    struct error error;
    bool fits = true;
    unsigned at;

    for (at = 0; at < acts && check.is_equal && check.adds_up && check.ledger_agrees && fits;
         at++) {
        int s = (int)random_below(SERVERS), e = (int)random_below(ENTITLEMENTS);

        switch (random_below(8)) {
        case 0:
        case 1:
            life_change(s, e, at);
            break;
        case 2:
        case 3:
            life_issue(&servers[s], random_below(8) == 0);
            break;
        case 4:
            life_install(&servers[s]);
            break;
        case 5:
        case 6:
            life_use(&servers[s], e);
            break;
        default:
            life_receipt(s, random_below(10) == 0);
        }
        fits = seats_fit();
        check.looks_at_ledger = at % 32 == 0; /* it reads all rows of all acts before */
        expect(store_read(store, check_read, &check, &error), LICET_OK, &error, "reading");
    }
    ok(check.is_equal, "R6.2 after every one of %u acts each account is what the model says", at);
    ok(check.adds_up, "INV-1 R6.1 OWNED is the sum of all the others");
    ok(check.ledger_agrees, "INV-1 every account is the sum of its ledger rows");
    ok(fits, "R6.2 seats in use and seats served are never more than were bought");
    ok(surprises == 0, "every act answered as the model expects (%u did not)", surprises);
}

/* ---- many at once */

static void *crowd_run(void *argument)
{
    uint64_t thread = (uint64_t)(uintptr_t)argument;
    char *mine = malloc(ALLOCATION_ARENA_BYTES);
    unsigned long long state = thread * 7919;

    for (uint64_t i = 0; mine != NULL && i < 200; i++) {
        struct act act = {.serial = thread * 1000000 + i, .place = mine};
        struct error error;
        enum status status;

        state = state * 6364136223846793005ull + 1442695040888963407ull;
        act.server_id = (int64_t)(state >> 40) % SERVERS + 1;
        act.line = (struct issue_line){.entitlement_id = (int64_t)(state >> 50) % ENTITLEMENTS + 1,
                                       .seats = (uint32_t)(state >> 33) % (OWNED + 1)};
        status = store_transact(store, act_change, &act, &error);
        if (status != LICET_OK && status != LICET_NO_SEAT && status != LICET_CONFLICT)
            __atomic_add_fetch(&surprises, 1, __ATOMIC_RELAXED);
    }
    free(mine);
    return NULL;
}

static void test_crowd(void)
{
    struct check check = {.is_equal = true, .looks_at_ledger = true};
    pthread_t threads[8];
    struct error error;

    for (uintptr_t i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, crowd_run, (void *)(i + 1));
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    ok(store_read(store, check_read, &check, &error) == LICET_OK && check.adds_up &&
           check.ledger_agrees && surprises == 0,
       "INV-1 1,600 changes of 8 threads at once keep every sum");
}

/* ---- the plan alone, over all small numbers */

static void plan_move(struct charged *has, int64_t *available, const struct charge_move *move)
{
    int64_t seats = move->seats;

    *available +=
        (move->to == ACCOUNT_AVAILABLE ? seats : 0) - (move->from == ACCOUNT_AVAILABLE ? seats : 0);
    if (move->from == ACCOUNT_ALLOCATED)
        has->allocated -= move->seats;
    if (move->from == ACCOUNT_RETURN_PENDING)
        has->pending -= move->seats;
    if (move->to == ACCOUNT_ALLOCATED)
        has->allocated += move->seats;
    if (move->to == ACCOUNT_RETURN_PENDING)
        has->pending += move->seats;
}

static void test_plan(void)
{
    unsigned wrong = 0;

    for (uint32_t code = 0; code < 6 * 6 * 6 * 6; code++) {
        struct charged has = {code % 6, code / 6 % 6};
        struct charged wants = {code / 36 % 6, code / 216};
        struct charge_move moves[CHARGE_MOVES_MAX];
        int64_t need = (int64_t)wants.allocated + wants.pending - has.allocated - has.pending;
        int64_t available = need > 0 ? need : 0; /* not a seat more than the rule asks for */
        bool is_short = false;

        charge_plan(has, wants, moves);
        for (unsigned i = 0; i < CHARGE_MOVES_MAX; i++) {
            is_short = is_short ||
                       (moves[i].from == ACCOUNT_RETURN_PENDING && moves[i].seats > has.pending);
            plan_move(&has, &available, &moves[i]);
            is_short = is_short || available < 0;
        }
        wrong += is_short || has.allocated != wants.allocated || has.pending != wants.pending;
    }
    ok(wrong == 0, "R6.2 all 1,296 small plans end where they should and never overdraw (%u do)",
       wrong);
}

/* ---- a generation that the signer refuses */

static enum status refused_run(struct db_transaction *transaction, void *context,
                               struct error *error)
{
    struct act *act = context;

    return store_issue_refuse(transaction, act->issue_id, act->file, error);
}

static enum status waiting_run(struct db_transaction *transaction, void *context,
                               struct error *error)
{
    struct arena arena = arena_over(place, sizeof(place));
    struct issue issues[4];

    return store_issue_list_waiting(transaction, ISSUE_NUMBERED, 4, &arena, issues, context, error);
}

static void test_refused(void)
{
    struct act act = {.server_id = 1, .line = {1, 5}, .serial = 900001, .place = place};
    struct act next = {.server_id = 1, .line = {1, 6}, .serial = 900002, .place = place};
    struct error error;
    uint32_t waiting = 0;

    ok(store_transact(store, act_change, &act, &error) == LICET_OK &&
           store_transact(store, act_number, &act, &error) == LICET_OK,
       "a generation is numbered");
    act.file = TEXT("more seats an hour than the policy has");
    store_transact(store, refused_run, &act, &error);
    store_read(store, waiting_run, &waiting, &error);
    ok(waiting == 0, "R6.8 one that the signer refuses is not tried again by itself");
    ok(store_transact(store, act_change, &next, &error) == LICET_CONFLICT &&
           strstr(error.text, "more seats an hour") != NULL,
       "R6.8 until staff decide its server takes no other change, and is told why");
    act.file = TEXT("");
    store_transact(store, refused_run, &act, &error);
    store_read(store, waiting_run, &waiting, &error);
    ok(waiting == 1, "R6.8 staff can let it go on");
    ok(store_transact(store, act_cancel, &act, &error) == LICET_OK &&
           store_transact(store, act_release, &act, &error) == LICET_CONFLICT,
       "R6.8 or cancel it, and then it is never released");
}

/* ---- finding rows */

struct finding {
    bool by_key, by_short_name, is_full, by_code, is_paged;
};

static enum status finding_run(struct db_transaction *transaction, void *context,
                               struct error *error)
{
    struct arena arena = arena_over(place, sizeof(place));
    struct finding *finding = context;
    struct server found, list[SERVERS];
    struct entitlement entitlement, pages[2];
    uint32_t count = 0;
    enum status status = store_server_set_key(transaction, 2, TEXT("a key"), error);

    if (status != LICET_OK)
        return status;
    finding->by_key =
        store_server_find_key(transaction, TEXT("a key"), &arena, &found, error) == LICET_OK &&
        found.id == 2 &&
        store_server_find_key(transaction, TEXT("no key"), &arena, &found, NULL) == LICET_NOT_FOUND;
    finding->by_short_name = store_server_list_short(transaction, 1, TEXT("host"), SERVERS, &arena,
                                                     list, &count, error) == LICET_OK &&
                             count == SERVERS && list[2].id == 3;
    finding->is_full = store_server_list_short(transaction, 1, TEXT("host"), SERVERS - 1, &arena,
                                               list, &count, NULL) == LICET_OVER_LIMIT;
    finding->by_code = store_entitlement_find_code(transaction, TEXT("2"), &arena, &entitlement,
                                                   error) == LICET_OK &&
                       entitlement.id == 2 && entitlement.state == ENTITLEMENT_ACTIVATED;
    status = store_entitlement_list(transaction, 1, 0, 2, &arena, pages, &count, error);
    finding->is_paged = count == 2 && pages[0].id == 3 && pages[1].id == 2;
    if (status == LICET_OK)
        status = store_entitlement_list(transaction, 1, 2, 2, &arena, pages, &count, error);
    finding->is_paged = finding->is_paged && count == 1 && pages[0].id == 1;
    return status;
}

static void test_finding(void)
{
    struct finding finding = {0};
    struct error error;

    ok(store_transact(store, finding_run, &finding, &error) == LICET_OK, "rows are looked for");
    ok(finding.by_key, "R3.2 a license server is found by the key it was given");
    ok(finding.by_short_name, "R1.2 servers are found by their short name");
    ok(finding.is_full, "and more of them than are asked for is an error, not a part");
    ok(finding.by_code, "R6.10 an entitlement is found by its code");
    ok(finding.is_paged, "entitlements come newest first, page by page");
}

/* ---- the issuer's row */

static enum status issuer_run(struct db_transaction *transaction, void *context,
                              struct error *error)
{
    struct arena arena = arena_over(place, sizeof(place));
    int64_t *fences = context;
    int64_t size = -1;
    struct text frontier;
    enum status status = store_issuer_take(transaction, &fences[0], error);

    if (status == LICET_OK)
        status = store_issuer_take(transaction, &fences[1], error);
    if (status == LICET_OK)
        status = store_issuer_set_log(transaction, 7, TEXT("frontier"), error);
    if (status == LICET_OK)
        status = store_issuer_lock(transaction, fences[1], &arena, &size, &frontier, error);
    if (status != LICET_OK)
        return status;
    fences[2] = size == 7 && text_is(frontier, "frontier");
    fences[3] =
        store_issuer_lock(transaction, fences[0], &arena, &size, &frontier, NULL) == LICET_CONFLICT;
    return LICET_OK;
}

static void test_issuer(void)
{
    int64_t fences[4] = {0};
    struct error error;

    ok(store_transact(store, issuer_run, fences, &error) == LICET_OK && fences[2] == 1,
       "R6.8 whoever holds the fence reads the log as it was left");
    ok(fences[1] == fences[0] + 1 && fences[3] == 1,
       "R6.8 an issuer that was replaced can number nothing more");
}

/* A new database with a customer who has bought; false where there is none. */
static bool world_open(struct engine *engine)
{
    struct error error = {0};

    memset(servers, 0, sizeof(servers));
    if (engine_ok(engine, store_open(engine->url, &store, &error) == LICET_OK, "the store opens") &&
        engine_ok(engine, store_transact(store, world_insert, NULL, &error) == LICET_OK,
                  "a customer has bought"))
        return true;
    printf("# %s\n", error.text);
    return false;
}

static void world_close(void)
{
    store_close(store);
    store = NULL;
}

static void test_lives(struct engine *engine)
{
    if (world_open(engine)) {
        test_issuer();
        test_life(engine->path[0] == '\0' ? ACTS_POSTGRESQL : ACTS_SQLITE);
        test_crowd();
    }
    world_close();
}

static void test_acts(struct engine *engine)
{
    if (world_open(engine)) {
        test_refused();
        test_finding();
    }
    world_close();
}

int main(void)
{
    test_plan();
    on_engines(test_lives);
    on_engines(test_acts);
    return tap_done();
}
