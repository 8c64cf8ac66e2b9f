/* Making a snapshot and pruning what it stands for. */
#include "server/snapshot.h"

#include "base/log.h"
#include "seat/record.h"
#include "server/fold.h"

/* What is kept for reports and rehearsal, beyond what a start needs. */
static const struct journal_keep keep = {.days = 400, .bytes = (uint64_t)8 * 1024 * 1024 * 1024};

static enum status snapshot_write_state(struct snapshot_maker *maker, const struct seats *seats,
                                        struct journal_snapshot *snapshot, struct error *error)
{
    enum status status = LICET_OK;
    struct seat_record record;
    uint64_t cursor = 0;

    while (status == LICET_OK && seats_snapshot_next(seats, &cursor, &record)) {
        uint8_t bytes[SEAT_RECORD_BYTES_MAX];

        status =
            journal_snapshot_add(snapshot, text_make(bytes, record_encode(&record, bytes)), error);
        maker->records++;
    }
    return status;
}

static enum status snapshot_write_denials(const struct denials *denials,
                                          struct journal_snapshot *snapshot, struct error *error)
{
    enum status status = LICET_OK;
    struct denial_row row;
    uint64_t cursor = 0;

    while (status == LICET_OK && denials_next(denials, &cursor, &row)) {
        uint8_t bytes[DENIAL_NOTE_BYTES];

        denial_note_encode(&row, bytes);
        status = journal_snapshot_add_note(snapshot, text_make(bytes, sizeof(bytes)), error);
    }
    return status;
}

static enum status snapshot_write(struct snapshot_maker *maker, const struct fold *fold,
                                  struct error *error)
{
    struct journal_snapshot *snapshot;
    enum status status = journal_snapshot_begin(maker->folder, &maker->until, &snapshot, error);

    if (status != LICET_OK)
        return status;
    denials_expire(fold->denials, maker->now);
    status = snapshot_write_state(maker, fold->seats, snapshot, error);
    if (status == LICET_OK)
        status = snapshot_write_denials(fold->denials, snapshot, error);
    if (status == LICET_OK)
        return journal_snapshot_commit(snapshot, error);
    journal_snapshot_abandon(snapshot);
    return status;
}

static void snapshot_work(uv_work_t *work)
{
    struct snapshot_maker *maker = work->data;
    struct error *error = &maker->error;
    struct denials *denials = NULL;
    struct fold fold;
    enum status status = fold_init(&fold, &maker->options, maker->server_key, error);

    if (status == LICET_OK)
        status = denials_create(maker->has_denial_names, &denials, error);
    fold.denials = denials;
    if (status == LICET_OK)
        status = journal_fold(maker->folder, &maker->until, fold_record, &fold, error);
    if (status == LICET_OK)
        status = fold_end(&fold, error);
    if (status == LICET_OK)
        status = snapshot_write(maker, &fold, error);
    if (status == LICET_OK)
        status = journal_prune(maker->folder, keep, maker->now, &maker->segments_removed, error);
    denials_destroy(denials);
    fold_finish(&fold);
    maker->status = status;
}

static void snapshot_done(uv_work_t *work, int uv_status)
{
    struct snapshot_maker *maker = work->data;

    maker->is_working = false;
    maker->last_number = maker->until.number; /* also after a failure: not again at once */
    if (uv_status != 0)
        return;
    if (maker->status == LICET_OK)
        log_info("snapshot.made", "number=%llu records=%llu segments_removed=%u",
                 (unsigned long long)maker->until.number, (unsigned long long)maker->records,
                 maker->segments_removed);
    else
        log_warning("snapshot.failed", "cause=\"%s\"", error_text(&maker->error, maker->status));
}

void snapshot_consider(struct snapshot_maker *maker, const struct journal_head *head, uint64_t live,
                       int64_t now)
{
    if (maker->is_working || head->number - maker->last_number < maker->records_between + live)
        return;
    maker->until = *head;
    maker->now = now;
    maker->records = 0;
    maker->segments_removed = 0;
    maker->error = (struct error){.status = LICET_OK};
    maker->work.data = maker;
    maker->is_working = uv_queue_work(maker->loop, &maker->work, snapshot_work, snapshot_done) == 0;
}
