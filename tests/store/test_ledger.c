/*
 * The seat ledger against a plain model of R6.1 and R6.2: random acts of a vendor and of license
 * servers that really hold seats. After every act each account is what the model says, and the
 * seats in use anywhere are never more than were bought. Then the same acts from many threads.
 */
#include "store/selling.h"

#define GENERATIONS_MAX 4000
/* The rules are the same code on both engines; a server in another process is asked ten times as slowly. */
#define ACTS_SQLITE 2000
#define ACTS_POSTGRESQL 500

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

static unsigned long long random_state = 42;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(random_state >> 33) % limit;
}

/* ---- what must hold */

/* Whether each account is what the model says. */
static enum status compare_run(struct db_transaction *transaction, void *context,
                               struct error *error)
{
    bool *is_equal = context;
    enum status status = LICET_OK;

    for (int e = 0; status == LICET_OK && e < ENTITLEMENTS; e++) {
        uint32_t seats;

        status = store_ledger_seats(transaction, e + 1, (struct account){ACCOUNT_AVAILABLE, 0},
                                    &seats, error);
        *is_equal = *is_equal && seats == model_available(e);
        for (int s = 0; status == LICET_OK && s < SERVERS; s++) {
            uint32_t pending = 0;

            status = store_ledger_seats(transaction, e + 1,
                                        (struct account){ACCOUNT_ALLOCATED, s + 1}, &seats, error);
            if (status == LICET_OK)
                status = store_ledger_seats(transaction, e + 1,
                                            (struct account){ACCOUNT_RETURN_PENDING, s + 1},
                                            &pending, error);
            *is_equal = *is_equal && seats == server_newest(&servers[s], e) &&
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

static void test_life(const struct engine *engine, unsigned acts)
{
    struct error error;
    bool is_equal = true, fits = true;
    unsigned at;

    for (at = 0; at < acts && is_equal && fits; at++) {
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
        expect(store_read(store, compare_run, &is_equal, &error), LICET_OK, &error, "reading");
    }
    audited(engine, store, NULL);
    ok(is_equal, "R6.2 after every one of %u acts each account is what the model says", at);
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

static void test_crowd(const struct engine *engine)
{
    pthread_t threads[8];

    for (uintptr_t i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, crowd_run, (void *)(i + 1));
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    ok(surprises == 0, "1,600 changes of 8 threads at once");
    audited(engine, store, NULL);
}

static void test_lives(struct engine *engine)
{
    memset(servers, 0, sizeof(servers));
    if (world_open(engine)) {
        test_life(engine, engine->path[0] == '\0' ? ACTS_POSTGRESQL : ACTS_SQLITE);
        test_crowd(engine);
    }
    world_close();
}

int main(void)
{
    on_engines(test_lives);
    return tap_done();
}
