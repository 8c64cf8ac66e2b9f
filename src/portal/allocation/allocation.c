#include "portal/allocation/allocation.h"

#include "portal/allocation/charge.h"
#include "store/entitlement.h"
#include "store/together.h"

struct line_list {
    struct issue_line *lines;
    uint32_t count;
};

static enum status lines_take(struct arena *arena, struct line_list *ret_list, struct error *error)
{
    ret_list->count = 0;
    ret_list->lines = arena_rows(arena, LICENSE_LINES_MAX, sizeof(*ret_list->lines));
    if (ret_list->lines == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the lines of a server");
    return LICET_OK;
}

static enum status allocation_check_growth(const struct entitlement *entitlement,
                                           struct error *error)
{
    if (entitlement->state == ENTITLEMENT_ISSUED)
        return error_set(error, LICET_CONFLICT,
                         "%.*s is not activated: a license administrator of its customer does "
                         "that with the license code",
                         TEXT_ARGS(entitlement->sn));
    if (entitlement->state == ENTITLEMENT_ON_HOLD)
        return error_set(error, LICET_CONFLICT,
                         "%.*s is on hold: the vendor's staff can say why and lift it",
                         TEXT_ARGS(entitlement->sn));
    return LICET_OK;
}

static enum status allocation_check_whole(struct db_transaction *transaction,
                                          const struct entitlement *entitlement, uint32_t seats,
                                          struct error *error)
{
    struct account owned = {.kind = ACCOUNT_OWNED};
    uint32_t whole = 0;
    enum status status = LICET_OK;

    if (entitlement->is_whole_only)
        status = store_ledger_seats(transaction, entitlement->id, owned, &whole, error);
    if (status == LICET_OK && whole != 0 && seats != 0 && seats != whole)
        return error_set(error, LICET_CONFLICT,
                         "%.*s is of a product that is not divided: all its %u seats go to one "
                         "license server",
                         TEXT_ARGS(entitlement->sn), whole);
    return status;
}

/* One line that changes from `old_seats`. */
static enum status allocation_check_line(struct db_transaction *transaction,
                                         const struct issue_line *line, uint32_t old_seats,
                                         const struct entitlement *entitlement, struct error *error)
{
    enum status status = LICET_OK;

    if (line->seats > old_seats)
        status = allocation_check_growth(entitlement, error);
    if (status == LICET_OK && line->seats != old_seats)
        status = allocation_check_whole(transaction, entitlement, line->seats, error);
    return status;
}

/* Order: after the locks. *ret_act is what the change set is, if nobody has named it. */
static enum status allocation_check(struct db_transaction *transaction,
                                    const struct change_set *changes,
                                    const struct seats_before *before, const char **ret_act,
                                    struct error *error)
{
    bool is_different = false, grows = false;

    for (uint32_t i = 0; i < changes->lines_count; i++) {
        const struct issue_line *line = &changes->lines[i];
        uint32_t seats =
            issue_lines_seats(before->lines, before->lines_count, line->entitlement_id);
        enum status status =
            allocation_check_line(transaction, line, seats, &before->entitlements[i], error);

        if (status != LICET_OK)
            return status;
        is_different = is_different || line->seats != seats;
        grows = grows || line->seats > seats;
    }
    if (!is_different && !changes->always)
        return error_set(error, LICET_CONFLICT,
                         "the license server has exactly these seats already");
    *ret_act = changes->act != NULL ? changes->act : grows ? "allocate" : "return";
    return LICET_OK;
}

/* The change set with counts that are not added any more. */
static enum status allocation_add(const struct change_set *changes,
                                  const struct seats_before *before, struct arena *arena,
                                  struct change_set *ret_changes, struct error *error)
{
    struct issue_line *lines = arena_take(arena, changes->lines_count, sizeof(*lines));

    if (lines == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for this many lines");
    for (uint32_t i = 0; i < changes->lines_count; i++) {
        uint32_t seats =
            issue_lines_seats(before->lines, before->lines_count, changes->lines[i].entitlement_id);

        lines[i] = changes->lines[i];
        if (lines[i].seats > SEATS_MAX - seats)
            return error_set(error, LICET_NO_SEAT, "a line has at most %u seats",
                             (unsigned)SEATS_MAX);
        lines[i].seats += seats;
    }
    *ret_changes = *changes;
    ret_changes->lines = lines;
    return LICET_OK;
}

/* Both ascending by entitlement; a count of 0 leaves its line out. */
static enum status lines_merge(const struct seats_before *before, const struct change_set *changes,
                               struct line_list *list, struct error *error)
{
    uint32_t at = 0, change = 0;

    while (at < before->lines_count || change < changes->lines_count) {
        const struct issue_line *line;

        if (change == changes->lines_count ||
            (at < before->lines_count &&
             before->lines[at].entitlement_id < changes->lines[change].entitlement_id)) {
            line = &before->lines[at++];
        } else {
            line = &changes->lines[change++];
            if (at < before->lines_count &&
                before->lines[at].entitlement_id == line->entitlement_id)
                at++;
        }
        if (line->seats == 0)
            continue;
        if (list->count == LICENSE_LINES_MAX)
            return error_set(error, LICET_OVER_LIMIT, "a license file has at most %u lines",
                             (unsigned)LICENSE_LINES_MAX);
        list->lines[list->count++] = *line;
    }
    return LICET_OK;
}

/* R4.3: an edition may cover the others of its product, so all of its lines may be one family. */
static enum status allocation_check_families(struct db_transaction *transaction, int64_t issue_id,
                                             const struct line_list *list, struct error *error)
{
    uint32_t most = 0;
    enum status status = LICET_OK;

    if (list->count > FAMILY_LINES_MAX)
        status = store_issue_most_of_product(transaction, issue_id, &most, error);
    if (status == LICET_OK && most > FAMILY_LINES_MAX)
        return error_set(error, LICET_OVER_LIMIT,
                         "a license server has seats of at most %u entitlements of one product, "
                         "and this would be %u: give it all seats of fewer of them",
                         (unsigned)FAMILY_LINES_MAX, most);
    return status;
}

static enum status allocation_insert(struct db_transaction *transaction,
                                     const struct change_set *changes, const struct server *server,
                                     const struct line_list *list, int64_t *ret_issue_id,
                                     struct error *error)
{
    struct issue issue = {
        .server_id = server->id,
        .generation = server->generation + 1,
        .serial = changes->serial,
        .act = text_of(changes->act),
        .person_id = changes->person_id,
        .created = changes->now,
    };
    enum status status;

    if (server->generation == UINT32_MAX)
        return error_set(error, LICET_OVER_LIMIT, "this license server has no generation left");
    status = store_issue_insert(transaction, &issue, list->lines, list->count, ret_issue_id, error);
    if (status == LICET_OK)
        status = allocation_check_families(transaction, *ret_issue_id, list, error);
    if (status == LICET_OK)
        status = store_server_set_generation(transaction, server->id, issue.generation, error);
    return status;
}

/* What people do about it, instead of the ledger's own words. */
static enum status allocation_no_seat(struct db_transaction *transaction,
                                      const struct entitlement *entitlement, struct error *error)
{
    struct account available = {.kind = ACCOUNT_AVAILABLE};
    uint32_t seats = 0;
    enum status status = store_ledger_seats(transaction, entitlement->id, available, &seats, error);

    if (status != LICET_OK)
        return status;
    return error_set(error, LICET_NO_SEAT,
                     "%u seats of %.*s are available, and this takes more: order more, or return "
                     "some elsewhere, which are available once the receipt has come",
                     seats, TEXT_ARGS(entitlement->sn));
}

static enum status allocation_settle(struct db_transaction *transaction,
                                     const struct change_set *changes,
                                     const struct seats_before *before, int64_t issue_id,
                                     struct error *error)
{
    struct charge_cause cause = {.act = changes->act, .issue_id = issue_id, .now = changes->now};

    for (uint32_t i = 0; i < changes->lines_count; i++) {
        const struct issue_line *line = &changes->lines[i];
        /* R3.2: without a key the generations before this one may have been voided. */
        enum status status =
            before->server.public_key.data == NULL
                ? charge_settle(transaction, before->server.id, line->entitlement_id, &cause, error)
                : charge_settle_next(transaction, before->server.id, line->entitlement_id,
                                     before->charged[i], line->seats, &cause, error);

        if (status == LICET_NO_SEAT)
            return allocation_no_seat(transaction, &before->entitlements[i], error);
        if (status != LICET_OK)
            return status;
    }
    return LICET_OK;
}

static enum status allocation_check_before(const struct change_set *changes,
                                           const struct seats_before *before, struct error *error)
{
    const struct issue *newest = &before->newest;

    if (changes->after != 0 && changes->after != before->server.generation)
        return error_set(error, LICET_CONFLICT,
                         "this was thought out for generation %u, and the license server is at %u "
                         "by now: look at it again",
                         changes->after, before->server.generation);
    if (newest->id != 0 && newest->problem.data != NULL)
        return error_set(error, LICET_CONFLICT,
                         "generation %u of this license server waits for the vendor's staff, who "
                         "must let it pass or cancel it first: %.*s",
                         newest->generation, TEXT_ARGS(text_head(newest->problem, 200)));
    return LICET_OK;
}

static enum status before_take(const struct change_set *changes, struct arena *arena,
                               struct seats_before *ret_before, struct error *error)
{
    struct seats_before *before = ret_before;

    before->entitlements = arena_rows(arena, changes->lines_count, sizeof(*before->entitlements));
    before->charged = arena_rows(arena, changes->lines_count, sizeof(*before->charged));
    before->lines = arena_rows(arena, LICENSE_LINES_MAX, sizeof(*before->lines));
    return before->entitlements == NULL || before->charged == NULL || before->lines == NULL
               ? error_set(error, LICET_NO_MEMORY, "no memory is left for this many lines")
               : LICET_OK;
}

enum status allocation_change(struct db_transaction *transaction, const struct change_set *changes,
                              struct arena *arena, int64_t *ret_issue_id, struct error *error)
{
    struct change_set whole = *changes; /* with counts that are not added any more */
    struct seats_before before;
    struct line_list list;
    int64_t issue_id;
    enum status status = before_take(changes, arena, &before, error);

    if (status == LICET_OK)
        status = store_seats_lock(transaction, changes->server_id, changes->lines,
                                  changes->lines_count, arena, &before, error);
    if (status == LICET_OK)
        status = allocation_check_before(changes, &before, error);
    if (status == LICET_OK && changes->adds)
        status = allocation_add(changes, &before, arena, &whole, error);
    if (status == LICET_OK)
        status = allocation_check(transaction, &whole, &before, &whole.act, error);
    if (status == LICET_OK)
        status = lines_take(arena, &list, error);
    if (status == LICET_OK)
        status = lines_merge(&before, &whole, &list, error);
    if (status == LICET_OK && before.server.public_key.data == NULL)
        status = store_issue_supersede(
            transaction, before.server.id,
            TEXT("a newer generation came before the license server's key"), error);
    if (status == LICET_OK)
        status = allocation_insert(transaction, &whole, &before.server, &list, &issue_id, error);
    if (status == LICET_OK)
        status = allocation_settle(transaction, &whole, &before, issue_id, error);
    if (status == LICET_OK)
        *ret_issue_id = issue_id;
    return status;
}

enum status allocation_cancel(struct db_transaction *transaction, int64_t issue_id,
                              struct text reason, struct unix_time now, struct arena *arena,
                              struct error *error)
{
    struct charge_cause cause = {.act = "cancel", .issue_id = issue_id, .now = now};
    struct charged_list list;
    struct server server;
    struct issue issue;
    enum status status = store_issue_get(transaction, issue_id, arena, &issue, error);

    if (status == LICET_OK)
        status = charge_lock(transaction, issue.server_id, arena, &server, &list, error);
    if (status == LICET_OK)
        status = store_issue_void(transaction, issue_id, reason, error);
    if (status == LICET_OK)
        status = charge_settle_all(transaction, server.id, &list, &cause, error);
    return status;
}
