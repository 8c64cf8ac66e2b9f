/* Decoding records and applying them, with the numbers that the core wants. */
#include "server/fold.h"

#include <sys/mman.h>

#include "seat/record.h"

enum status fold_init(struct fold *fold, const struct seats_options *options,
                      const uint8_t server_key[32], struct error *error)
{
    *fold = (struct fold){.memory_size = seats_memory(options), .server_key = server_key};
    fold->memory = mmap(NULL, fold->memory_size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (fold->memory == MAP_FAILED) {
        fold->memory = NULL;
        return error_set(error, LICET_NO_MEMORY, "no address space is left for the seats");
    }
    /* Leases lie in it by chance, and on small pages each look at one misses the TLB as well as the
     * cache. Where the kernel has no large pages, small ones do. */
    madvise(fold->memory, fold->memory_size, MADV_HUGEPAGE);
    fold->seats = seats_create(fold->memory, options);
    return LICET_OK;
}

void fold_finish(struct fold *fold)
{
    if (fold->memory != NULL)
        munmap(fold->memory, fold->memory_size);
    *fold = (struct fold){.memory = NULL};
}

static enum status fold_apply(struct fold *fold, uint64_t number, const struct seat_record *record,
                              struct error *error)
{
    if (record->kind == SEAT_RECORD_OPEN &&
        memcmp(record->open.server_key, fold->server_key, sizeof(record->open.server_key)) != 0)
        return error_set(error, LICET_DAMAGED,
                         "this journal belongs to another server key: restore both from one "
                         "backup, or move STATE/server away: the next start makes a new key, and "
                         "the vendor has to sign a file that names it");
    return seat_apply(fold->seats, number, record, error);
}

enum status fold_end(struct fold *fold, struct error *error)
{
    if (!fold->has_held)
        return LICET_OK;
    fold->has_held = false;
    return fold_apply(fold, fold->held_number, &fold->held, error);
}

enum status fold_record(void *context, uint64_t number, bool is_snapshot, struct text text,
                        struct error *error)
{
    struct fold *fold = context;
    struct seat_record record;
    size_t size;
    enum status status;

    if (number == JOURNAL_NOTE) {
        if (fold->denials != NULL)
            denials_fold(fold->denials, text);
        return LICET_OK;
    }
    status = record_decode((const uint8_t *)text.data, text.size, &record, &size, error);

    if (status == LICET_OK && size != text.size)
        status = error_set(error, LICET_DAMAGED, "record %llu has bytes after its end",
                           (unsigned long long)number);
    if (status == LICET_OK && fold->has_held) {
        fold->has_held = false;
        status = fold_apply(fold, is_snapshot ? 0 : fold->held_number, &fold->held, error);
    }
    if (status != LICET_OK)
        return status;
    if (!is_snapshot)
        return fold_apply(fold, number, &record, error);
    fold->held = record;
    fold->held_number = number;
    fold->has_held = true;
    return LICET_OK;
}
