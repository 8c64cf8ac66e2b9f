/*
 * The plan of the charge rule (R6.2) over all small numbers; what the signer refuses; finding rows;
 * the issuer's fence.
 */
#include "store/selling.h"

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
    bool by_key, by_short_name, is_full, is_meant, by_code, is_paged;
};

static bool is_anyone(const struct server *server, struct text name)
{
    return server->id > 0 && name.size > 0;
}

static bool is_second(const struct server *server, struct text name)
{
    return server->id == 2 && name.size > 0;
}

static enum status servers_named(struct db_transaction *transaction, const char *name,
                                 bool (*is_meant)(const struct server *server, struct text name),
                                 uint32_t max, struct server *servers, uint32_t *ret_count)
{
    static char names[4096];
    struct arena arena = arena_over(names, sizeof(names));

    return store_server_list_short(transaction, 1, text_of(name), text_of(name), is_meant, max,
                                   &arena, servers, ret_count, NULL);
}

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
    finding->by_short_name =
        servers_named(transaction, "host", is_anyone, SERVERS, list, &count) == LICET_OK &&
        count == SERVERS && list[2].id == 3;
    finding->is_full = servers_named(transaction, "host", is_anyone, SERVERS - 1, list, &count) ==
                       LICET_OVER_LIMIT;
    /* Limit: of those that are meant, whatever number has the same first label. */
    finding->is_meant =
        servers_named(transaction, "host", is_second, 1, list, &count) == LICET_OK && count == 1 &&
        list[0].id == 2;
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
    ok(finding.is_meant, "R1.2 and what is not meant counts for nothing");
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

/* The issuer's row is in no order that an audit would pass, and is not looked at without roots. */
static void test_acts(struct engine *engine)
{
    if (world_open(engine)) {
        test_issuer();
        test_refused();
        test_finding();
        audited(engine, store, NULL);
    }
    world_close();
}

int main(void)
{
    test_plan();
    on_engines(test_acts);
    return tap_done();
}
