/* High-water marks, and their file: rows that are overwritten in place under a lock. */
#include "client/witness.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/parse.h"

/* "SHA256:<43> <vendor, padded to 64> <generation, 20 digits> <epoch, 20 digits>\n" */
#define WITNESS_ROW_BYTES (HASH_TEXT_BYTES + 1 + NAME_MAX_BYTES + 1 + 20 + 1 + 20 + 1)

void witness_init(struct witness *witness, const char *path)
{
    *witness = (struct witness){.path = path};
}

static bool witness_is_same(const struct witness_mark *left, const struct witness_mark *right)
{
    return hash_equal(&left->server_key, &right->server_key) &&
           strcmp(left->vendor, right->vendor) == 0;
}

static void witness_raise(struct witness_mark *mark, const struct witness_mark *seen)
{
    if (seen->generation > mark->generation)
        mark->generation = seen->generation;
    if (seen->epoch > mark->epoch)
        mark->epoch = seen->epoch;
}

/* ---- memory ------------------------------------------------------------------------------- */

static struct witness_mark *witness_find(struct witness *witness, const struct witness_mark *mark)
{
    struct witness_mark *place;

    for (uint32_t index = 0; index < witness->count; index++) {
        if (witness_is_same(&witness->seen[index], mark))
            return &witness->seen[index];
    }
    if (witness->count < WITNESS_SEEN_MAX) {
        place = &witness->seen[witness->count++];
    } else {
        place = &witness->seen[witness->oldest];
        witness->oldest = (witness->oldest + 1) % WITNESS_SEEN_MAX;
    }
    *place = *mark;
    place->generation = place->epoch = 0;
    return place;
}

/* ---- the file ----------------------------------------------------------------------------- */

static bool witness_number(struct text row, size_t start, uint64_t *ret_value)
{
    struct text digits = text_head(text_skip(row, start), 20);

    while (digits.size > 1 && digits.data[0] == '0')
        digits = text_skip(digits, 1);
    return parse_u64(digits, 0, UINT64_MAX, ret_value, NULL) == LICET_OK;
}

/* A row that is not ours (cut, edited) says nothing. */
static bool witness_row_parse(struct text row, struct witness_mark *ret_mark)
{
    const size_t vendor_at = HASH_TEXT_BYTES + 1, numbers_at = vendor_at + NAME_MAX_BYTES + 1;
    struct text vendor = text_head(text_skip(row, vendor_at), NAME_MAX_BYTES);

    vendor = text_head(vendor, text_find(vendor, ' '));
    if (row.size != WITNESS_ROW_BYTES || !text_is_identifier(vendor) ||
        hash_parse(text_head(row, HASH_TEXT_BYTES), &ret_mark->server_key, NULL) != LICET_OK ||
        !witness_number(row, numbers_at, &ret_mark->generation) ||
        !witness_number(row, numbers_at + 21, &ret_mark->epoch))
        return false;
    memcpy(ret_mark->vendor, vendor.data, vendor.size);
    ret_mark->vendor[vendor.size] = '\0';
    return true;
}

static void witness_row_print(const struct witness_mark *mark, struct buf *buf)
{
    hash_print(&mark->server_key, buf);
    buf_printf(buf, " %-*s %020llu %020llu", NAME_MAX_BYTES, mark->vendor,
               (unsigned long long)mark->generation, (unsigned long long)mark->epoch);
    buf_add_byte(buf, '\n');
}

/* Raises `mark` to what the file says of the same server; returns the row's place, or where a new
 * row belongs. */
static size_t witness_file_find(struct text file, struct witness_mark *mark)
{
    size_t at = 0;

    for (; at + WITNESS_ROW_BYTES <= file.size; at += WITNESS_ROW_BYTES) {
        struct witness_mark row = {0};

        if (witness_row_parse(text_head(text_skip(file, at), WITNESS_ROW_BYTES), &row) &&
            witness_is_same(&row, mark)) {
            witness_raise(mark, &row);
            return at;
        }
    }
    return at;
}

static void witness_file_write(int fd, size_t at, const struct witness_mark *mark)
{
    char row[WITNESS_ROW_BYTES + 1];
    struct buf buf = buf_over(row, sizeof(row));

    witness_row_print(mark, &buf);
    if (at / WITNESS_ROW_BYTES < WITNESS_ROWS_MAX && !buf.is_full)
        (void)!pwrite(fd, row, buf.size, (off_t)at); /* not written: memory still knows it */
}

/* Joins `mark` and the file's row both ways. Never waits: where another product holds the lock, the
 * next lease does it. */
static void witness_file_join(const char *path, struct witness_mark *mark)
{
    char data[WITNESS_ROWS_MAX * WITNESS_ROW_BYTES];
    const struct witness_mark before = *mark;
    struct witness_mark row = *mark;
    bool is_writable = true;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    ssize_t size;
    size_t at;

    if (fd < 0) {
        is_writable = false;
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    }
    if (fd < 0)
        return;
    if (is_writable && flock(fd, LOCK_EX | LOCK_NB) != 0)
        is_writable = false;
    size = pread(fd, data, sizeof(data), 0);
    row.generation = row.epoch = 0;
    at = witness_file_find(text_make(data, size > 0 ? (size_t)size : 0), &row);
    witness_raise(mark, &row);
    if (is_writable && size >= 0 &&
        (row.generation < before.generation || row.epoch < before.epoch))
        witness_file_write(fd, at, mark);
    close(fd); /* and the lock with it */
}

/* ---- the rule ----------------------------------------------------------------------------- */

static enum status witness_check(const struct witness_mark *seen, const struct witness_mark *mark,
                                 struct error *error)
{
    if (mark->generation < seen->generation)
        return error_set(error, LICET_OLD_GENERATION,
                         "the license server serves generation %llu of its license file, but has "
                         "served %llu before: its administrator should install the newest file",
                         (unsigned long long)mark->generation,
                         (unsigned long long)seen->generation);
    if (mark->epoch < seen->epoch)
        return error_set(error, LICET_OLD_GENERATION,
                         "the license server is in epoch %llu, but has been in %llu before: it was "
                         "restored from an older copy; its administrator should install the newest "
                         "file",
                         (unsigned long long)mark->epoch, (unsigned long long)seen->epoch);
    return LICET_OK;
}

enum status witness_see(struct witness *witness, const struct witness_mark *mark,
                        struct error *error)
{
    struct witness_mark *seen = witness_find(witness, mark);
    bool is_new = seen->generation < mark->generation || seen->epoch < mark->epoch;
    bool is_first = seen->generation == 0 && seen->epoch == 0;
    enum status status;

    /* Order: what the file knows first, so that a mark that it refuses is not written into it. */
    if (witness->path != NULL && is_first)
        witness_file_join(witness->path, seen);
    status = witness_check(seen, mark, error);
    if (status != LICET_OK)
        return status;
    witness_raise(seen, mark);
    if (witness->path != NULL && is_new)
        witness_file_join(witness->path, seen);
    return LICET_OK;
}

uint64_t witness_see_list(struct witness *witness, struct text vendor, uint32_t number)
{
    struct witness_mark mark = {.server_key = hash_of(TEXT("revocations")), .generation = number};
    struct witness_mark *seen;

    memcpy(mark.vendor, vendor.data, vendor.size);
    seen = witness_find(witness, &mark);
    witness_raise(seen, &mark);
    if (witness->path != NULL)
        witness_file_join(witness->path, seen);
    return seen->generation;
}
