/*
 * test_crash CRASHES. Power cuts at any call, torn sectors, failed syncs: nothing acknowledged is lost, nothing is ever
 * called damaged, and a start is never stopped (INV-22, INV-23, INV-24). The oracle is a number:
 * the last record that was acknowledged. It is proved with a planted bug.
 */
#include "base/parse.h"
#include "disk.h"

#define CRASHES_MIN 100
#define CRASHES_MAX 1000000

static struct error error;

struct life {
    uint64_t acknowledged, in_flight; /* records */
    uint32_t names_synced, names_in_flight;
    uint64_t lost, refused, damaged_snapshots, crashes, torn;
};

static enum status name_see(void *context, uint32_t id, struct text name, struct error *unused)
{
    (void)unused;
    (void)name;
    *(uint32_t *)context = id;
    return LICET_OK;
}

static bool work_names(struct names_file *names, struct life *life)
{
    uint32_t id = names_file_last(names), count = 1 + (uint32_t)disk_random(4);

    for (uint32_t i = 0; i < count; i++)
        names_file_append(names, ++id, TEXT("somebody@example.com"), &error);
    life->names_in_flight = id;
    if (names_file_sync(names, &error) != LICET_OK)
        return false;
    life->names_synced = id;
    return true;
}

static bool work_snapshot(struct journal *journal)
{
    struct journal_head head = journal_head(journal);
    struct journal_snapshot *snapshot;
    struct journal_keep keep = {0, 0};

    if (journal_snapshot_begin(folder, &head, &snapshot, &error) != LICET_OK)
        return false;
    for (int i = 0; i < 30; i++)
        journal_snapshot_add(snapshot, TEXT("part of the state"), &error);
    return journal_snapshot_commit(snapshot, &error) == LICET_OK &&
           journal_prune(folder, keep, 2000000000, NULL, &error) == LICET_OK;
}

/* Commits, seals, prepares, snapshots, by chance, until something fails or enough is done. */
static void work(struct journal *journal, struct names_file *names, struct life *life)
{
    for (int i = 0; i < 40; i++) {
        uint64_t choice = disk_random(20);
        uint32_t count = 1 + (uint32_t)disk_random(12);
        bool is_done;

        if (choice == 0)
            is_done = journal_seal(journal, &error) == LICET_OK;
        else if (choice == 1)
            is_done = work_names(names, life);
        else if (choice == 2 && life->acknowledged > 0)
            is_done = work_snapshot(journal);
        else {
            life->in_flight = life->acknowledged + count;
            is_done = commit_records(journal, count, &error) == LICET_OK;
            if (is_done)
                life->acknowledged = life->in_flight;
            if (is_done && choice < 15)
                is_done = journal_prepare(journal, &error) == LICET_OK;
        }
        if (!is_done)
            return;
    }
}

/* One process: starts, is judged by what it finds, works, ends. */
static void live(struct life *life)
{
    struct journal *journal = NULL;
    struct names_file *names = NULL;
    struct journal_opening opening = {0};
    struct seen seen = {0};
    uint32_t last_name = 0;
    enum status status = journal_open(folder, see, &seen, &journal, &opening, &error);

    if (status == LICET_OK)
        status = names_file_open(folder, name_see, &last_name, &names, &error);
    if (status == LICET_OK) {
        life->lost += seen.wrong != 0 || seen.last < life->acknowledged ||
                      seen.last > life->in_flight || last_name < life->names_synced ||
                      last_name > life->names_in_flight;
        life->damaged_snapshots += opening.snapshots_damaged;
        life->torn += opening.bytes_cut > 0;
        life->acknowledged = life->in_flight = journal_head(journal).number;
        life->names_synced = life->names_in_flight = last_name;
        work(journal, names, life);
    } else if (!disk.has_failed) {
        life->refused++;
    }
    journal_destroy(journal);
    names_file_destroy(names);
}

static struct life run(uint64_t seed, uint32_t crashes, uint32_t skip_one_of, bool is_sync_aimed)
{
    struct life life = {0};

    disk_begin(seed);
    if (journal_create(folder, 4096, &error) != LICET_OK)
        abort();
    disk.skip_one_of = skip_one_of;
    while (life.crashes < crashes && life.lost + life.refused + life.damaged_snapshots == 0) {
        if (is_sync_aimed)
            disk.fail_in[DISK_SYNC] = (int64_t)disk_random(12);
        else
            disk.end_in = (int64_t)disk_random(150);
        live(&life);
        life.crashes++;
        /* After a failed sync the process ends and the machine may run on. */
        if (!is_sync_aimed || disk_random(3) != 0)
            disk_lose_power();
        disk_heal();
    }
    if (life.refused > 0)
        printf("# %s\n", error.text);
    return life;
}

int main(int argc, char **argv)
{
    struct life life;
    uint32_t crashes = 0;

    if (argc != 2 ||
        parse_u32(text_of(argv[1]), CRASHES_MIN, CRASHES_MAX, &crashes, &error) != LICET_OK)
        return 2;
    folder_make();
    life = run(1, crashes, 0, false);
    printf("# seed 1: %d crashes, %d torn ends, %d records\n", (int)life.crashes, (int)life.torn,
           (int)life.acknowledged);
    ok(life.crashes == crashes && life.lost == 0,
       "INV-22 no power cut loses what was acknowledged");
    ok(life.refused == 0, "INV-23 none is taken for damage");
    ok(life.damaged_snapshots == 0, "and no snapshot is found half written");
    ok(life.torn > crashes / 100, "though many ends are torn");
    life = run(2, crashes, 0, true);
    printf("# seed 2: %d crashes, %d torn ends, %d records; %d lost %d refused\n",
           (int)life.crashes, (int)life.torn, (int)life.acknowledged, (int)life.lost,
           (int)life.refused);
    ok(life.crashes == crashes && life.lost + life.refused == 0,
       "INV-24 nor does a failed sync, with or without a power cut after it");
    life = run(3, crashes, 50, false);
    printf("# planted bug: found after %d crashes\n", (int)life.crashes);
    ok(life.lost + life.refused + life.damaged_snapshots > 0,
       "the oracle finds a planted bug: one sync of 50 is skipped");
    folder_remove();
    return tap_done();
}
