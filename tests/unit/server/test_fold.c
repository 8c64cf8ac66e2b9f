/* What licetd does at a start: journal and snapshot are folded to the state that wrote them. */
#include "server/fold.h"

#include <dirent.h>
#include <unistd.h>

#include "journal/journal.h"
#include "sim/random.h"
#include "unit/seat/seat_test.h"

#define STATES 250
#define FEATURES 5
#define IDS 24
#define SEGMENT_BYTES (64u * 1024)

static const uint8_t server_key[32] = {7, 1, 9};
static struct world world;
static uint64_t committed;
static char folder[64];

static void folder_make(void)
{
    snprintf(folder, sizeof(folder), "/tmp/licet-test-fold-XXXXXX");
    if (mkdtemp(folder) == NULL)
        abort();
}

static void folder_remove(void)
{
    DIR *list = opendir(folder);
    const struct dirent *entry;

    if (list == NULL)
        abort();
    while ((entry = readdir(list)) != NULL) {
        char path[400];

        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        unlink(path);
    }
    closedir(list);
    rmdir(folder);
}

/* ---- a state */

static void state_begin(void)
{
    struct seats_options options = {.leases_max = 500, .pools_max = 50, .names_max = NAME_LAST};
    struct seat_record *open;

    world_begin(&world, options);
    open = &world.records[world.records_count++];
    *open = (struct seat_record){.kind = SEAT_RECORD_OPEN, .at = NOON};
    memcpy(open->open.server_key, server_key, sizeof(server_key));
    if (seat_apply(world.seats, 1, open, NULL) != LICET_OK)
        abort();
    world_start(&world);
    committed = 0;
}

static void state_install(struct random *random)
{
    struct seat_line lines[FEATURES];
    uint32_t count = 1 + random_below(random, FEATURES);

    for (uint32_t i = 0; i < count; i++) {
        lines[i] = line_of(LA1 + i, EDITOR + i, 1 + random_below(random, 6));
        lines[i].drain_s = 1 + random_below(random, 60);
        lines[i].overdraft = random_below(random, 2);
        if (i > 0 && random_below(random, 3) == 0)
            lines[i].covers[lines[i].covers_count++] = EDITOR + i - 1;
        if (random_below(random, 4) == 0)
            lines[i].refresh_by = world.now.utc.s + random_between(random, 1, 200);
    }
    world_install(&world, lines, count);
}

static void state_act(struct random *random)
{
    uint32_t choice = random_below(random, 20), id = 1 + random_below(random, IDS);

    if (choice == 0)
        state_install(random);
    else if (choice < 10)
        checkout_count(&world, id, EDITOR + random_below(random, FEATURES),
                       1 + random_below(random, 2));
    else if (choice < 13)
        renew(&world, id);
    else if (choice < 16)
        checkin(&world, id);
    else
        world_tick(&world);
    world_pass_ms(&world, random_between(random, 0, random_below(random, 8) == 0 ? 90000 : 5000));
}

/* ---- its journal */

static bool journal_take(struct journal *journal, struct error *error)
{
    static char bytes[JOURNAL_GROUP_BYTES_MAX];
    struct buf body = buf_over(bytes, sizeof(bytes));
    uint64_t first = committed;

    for (; committed < world.records_count; committed++) {
        uint8_t record[SEAT_RECORD_BYTES_MAX];

        journal_body_add(&body,
                         text_make(record, record_encode(&world.records[committed], record)));
    }
    return first == committed || journal_commit(journal, text_make(bytes, body.size), first + 1,
                                                (uint32_t)(committed - first), error) == LICET_OK;
}

/* As the snapshots of licetd: from a second fold. */
static bool snapshot_make(struct journal *journal, struct error *error)
{
    struct journal_head head = journal_head(journal);
    struct journal_snapshot *snapshot;
    struct seat_record record;
    uint64_t cursor = 0;
    struct fold fold;

    if (fold_init(&fold, &world.options, server_key, error) != LICET_OK ||
        journal_fold(folder, &head, fold_record, &fold, error) != LICET_OK ||
        fold_end(&fold, error) != LICET_OK ||
        journal_snapshot_begin(folder, &head, &snapshot, error) != LICET_OK)
        return false;
    while (seats_snapshot_next(fold.seats, &cursor, &record)) {
        uint8_t bytes[SEAT_RECORD_BYTES_MAX];

        if (journal_snapshot_add(snapshot, text_make(bytes, record_encode(&record, bytes)),
                                 error) != LICET_OK)
            return false;
    }
    fold_finish(&fold);
    return journal_snapshot_commit(snapshot, error) == LICET_OK;
}

/* Opens the journal as a start does. */
static struct journal *journal_start(struct fold *fold, struct journal_opening *ret_opening,
                                     struct error *error)
{
    struct journal *journal = NULL;

    if (fold_init(fold, &world.options, server_key, error) != LICET_OK ||
        journal_open(folder, fold_record, fold, &journal, ret_opening, error) != LICET_OK)
        return NULL;
    if (fold_end(fold, error) == LICET_OK)
        return journal;
    journal_destroy(journal);
    return NULL;
}

static bool fold_is_state(const struct fold *fold, struct error *error)
{
    struct seats_totals totals, folded;
    const char *wrong = seats_check(fold->seats);

    seats_totals(world.seats, &totals);
    seats_totals(fold->seats, &folded);
    if (wrong == NULL && folded.next_number != totals.next_number)
        wrong = "the next record has another number";
    if (wrong == NULL && !seats_are_equal(world.seats, fold->seats))
        wrong = "the dumps differ";
    if (wrong != NULL)
        error_set(error, LICET_DAMAGED, "%s", wrong);
    return wrong == NULL;
}

/* Acts, writes, perhaps makes a snapshot, and starts again. */
static bool state_round(struct random *random, bool has_snapshot, struct error *error)
{
    struct journal_opening opening;
    struct journal *journal = NULL;
    struct fold fold;
    bool is_same;

    journal = journal_start(&fold, &opening, error);
    fold_finish(&fold);
    if (journal == NULL)
        return false;
    for (uint32_t acts = 5 + random_below(random, 40); acts > 0; acts--)
        state_act(random);
    is_same = journal_take(journal, error) && (!has_snapshot || snapshot_make(journal, error));
    journal_destroy(journal);
    if (!is_same)
        return false;
    journal = journal_start(&fold, &opening, error);
    is_same = journal != NULL && fold_is_state(&fold, error) &&
              (!has_snapshot ||
               (opening.snapshot_number == world.records_count && opening.records_replayed == 0));
    journal_destroy(journal);
    fold_finish(&fold);
    return is_same;
}

static bool state_folds(uint64_t seed)
{
    struct random random = random_of(seed, 1);
    struct error error = {.status = LICET_OK};
    bool is_same;

    folder_make();
    state_begin();
    state_install(&random);
    is_same = journal_create(folder, SEGMENT_BYTES, &error) == LICET_OK;
    for (int round = 0; round < 2 && is_same; round++)
        is_same = state_round(&random, round == 0, &error);
    if (!is_same)
        printf("#   state %d: %s\n", (int)seed, error.text);
    world_end(&world);
    folder_remove();
    return is_same;
}

/* The newest lease lies in a pool that the snapshot lists before another, so it is not the last
 * record, but has the highest number. */
static void newest_lease_is_not_last(void)
{
    struct seat_line lines[2] = {line_of(LA1, EDITOR, 2), line_of(LA2, VIEWER, 2)};
    struct error error = {.status = LICET_OK};
    struct journal_opening opening;
    struct journal *journal = NULL;
    struct fold fold;

    folder_make();
    state_begin();
    world_install(&world, lines, 2);
    checkout(&world, 1, VIEWER);
    checkout(&world, 2, EDITOR);
    ok(journal_create(folder, SEGMENT_BYTES, &error) == LICET_OK &&
           (journal = journal_start(&fold, &opening, &error)) != NULL,
       "an empty journal is folded");
    fold_finish(&fold);
    ok(journal_take(journal, &error) && snapshot_make(journal, &error), "a snapshot is made");
    journal_destroy(journal);
    journal = journal_start(&fold, &opening, &error);
    if (!ok(journal != NULL && fold_is_state(&fold, &error),
            "R8.8 a snapshot whose newest record is a lease folds to the state it was made of"))
        printf("#   %s\n", error.text);
    journal_destroy(journal);
    fold_finish(&fold);
    world_end(&world);
    folder_remove();
}

static void another_key(void)
{
    static const uint8_t other_key[32] = {1};
    struct error error = {.status = LICET_OK};
    struct journal_opening opening;
    struct journal *journal = NULL;
    struct fold fold;

    folder_make();
    state_begin();
    journal_create(folder, SEGMENT_BYTES, &error);
    journal = journal_start(&fold, &opening, &error);
    fold_finish(&fold);
    journal_take(journal, &error);
    journal_destroy(journal);
    fold_init(&fold, &world.options, other_key, &error);
    ok(journal_open(folder, fold_record, &fold, &journal, &opening, &error) == LICET_DAMAGED,
       "R7.1 a journal of another key is refused");
    fold_finish(&fold);
    world_end(&world);
    folder_remove();
}

int main(void)
{
    int folded = 0;

    newest_lease_is_not_last();
    another_key();
    for (uint64_t seed = 1; seed <= STATES; seed++)
        folded += state_folds(seed);
    ok(folded == STATES,
       "%d of %d states fold, from the journal and from snapshots and what came after", folded,
       STATES);
    return tap_done();
}
