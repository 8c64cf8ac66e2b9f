/*
 * What is cut at start, and what refuses (INV-23): a torn last group at every byte, every byte of a
 * small log changed, with and without honest-looking hashes, groups and segments dropped, doubled,
 * swapped.
 */
#include <sodium.h>

#include "base/wire.h"
#include "journal_tests.h"

static struct error error;
static struct picture whole;
static struct journal_head end;

/* Three segments of 1 KiB and one ready; the last group is sealed or not. */
static void journal_build(bool is_sealed)
{
    struct journal *journal;
    struct seen seen = {0};

    folder_empty(folder);
    if (journal_create(folder, 1024, &error) != LICET_OK ||
        journal_open(folder, see, &seen, &journal, NULL, &error) != LICET_OK)
        abort();
    for (int i = 0; i < 8; i++) {
        if (commit_records(journal, 2, &error) != LICET_OK)
            abort();
    }
    if (is_sealed && journal_seal(journal, &error) != LICET_OK)
        abort();
    journal_prepare(journal, &error);
    end = journal_head(journal);
    journal_destroy(journal);
    picture_drop(&whole);
    picture_take(&whole);
}

static char *segment_data(uint64_t number)
{
    return whole.files[picture_find(&whole, file_name(number, SEGMENT_SUFFIX).text)].data;
}

static void segment_put(uint64_t number, const char *data, size_t size)
{
    file_put(file_name(number, SEGMENT_SUFFIX).text, data, size);
}

/* Where each group of a segment begins; the end of the last one after them. */
static size_t groups_of(uint64_t number, size_t offsets[32])
{
    struct text bytes = {segment_data(number), 1024};
    struct group group;
    size_t count = 0, offset = 0;
    uint32_t size;

    while (group_read_header(bytes, offset, &group, &size)) {
        offsets[count++] = offset;
        offset += GROUP_HEADER_BYTES + size;
    }
    offsets[count] = offset;
    return count;
}

static uint64_t last_segment(void)
{
    uint64_t number = 1;
    size_t offsets[32];

    while (groups_of(number + 1, offsets) > 0)
        number++;
    return number;
}

/* ---- the torn end */

static void test_torn_end(void)
{
    struct seen seen;
    struct journal_opening opening;
    size_t offsets[32], count, from, to, wrong = 0;
    char copy[1024];
    uint64_t number;

    journal_build(false);
    number = last_segment();
    count = groups_of(number, offsets);
    from = offsets[count - 1];
    to = offsets[count];
    ok(open_and_see(&seen, &opening, &error) == LICET_OK && seen.count == 16 &&
           opening.bytes_cut == 0,
       "a whole last group counts, sealed or not");
    for (size_t at = from; at < to; at++) { /* its beginning arrived */
        memcpy(copy, segment_data(number), 1024);
        memset(copy + at, 0, to - at);
        picture_restore(&whole);
        segment_put(number, copy, 1024);
        wrong += open_and_see(&seen, &opening, &error) != LICET_OK || seen.count != 14 ||
                 seen.wrong != 0 || opening.bytes_cut > at - from;
        wrong += open_and_see(&seen, &opening, &error) != LICET_OK || opening.bytes_cut != 0;
    }
    ok(wrong == 0, "INV-23 a last group whose end is missing is cut, at every byte");
    for (size_t at = from + 1; at < to; at++) { /* its end arrived */
        memcpy(copy, segment_data(number), 1024);
        memset(copy + from, 0, at - from);
        picture_restore(&whole);
        segment_put(number, copy, 1024);
        wrong += open_and_see(&seen, &opening, &error) != LICET_OK || seen.count != 14;
    }
    ok(wrong == 0, "and so is one whose beginning is missing");
    for (size_t at = from; at < to; at++) {
        picture_restore(&whole);
        memcpy(copy, segment_data(number), 1024);
        copy[at] ^= 0x20;
        segment_put(number, copy, 1024);
        wrong += open_and_see(&seen, &opening, &error) != LICET_OK || seen.count != 14;
    }
    ok(wrong == 0, "and one with a wrong byte");
    ok(journal_check(folder, &error) == LICET_OK, "what was cut left no trace");
}

static void test_goes_on_after_cut(void)
{
    struct journal *journal;
    struct seen seen = {0};
    size_t offsets[32], count;
    char copy[1024];
    uint64_t number = last_segment();

    count = groups_of(number, offsets);
    picture_restore(&whole);
    memcpy(copy, segment_data(number), 1024);
    memset(copy + offsets[count - 1] + 3, 0, 5);
    segment_put(number, copy, 1024);
    ok(journal_open(folder, see, &seen, &journal, NULL, &error) == LICET_OK, "a torn end is cut");
    ok(commit_records(journal, 1, &error) == LICET_OK, "a shorter group takes its place");
    journal_destroy(journal);
    ok(open_and_see(&seen, NULL, &error) == LICET_OK && seen.count == 15 && seen.wrong == 0,
       "and nothing of the torn one is left behind it");
}

/* The first group of a segment can be torn as well. */
static void test_torn_opening(void)
{
    struct seen seen;
    struct journal_opening opening;
    uint64_t number;
    size_t wrong = 0;

    journal_build(true);
    number = last_segment();
    for (size_t at = 0; at < OPENING_GROUP_BYTES; at++) {
        char copy[1024] = {0};

        picture_restore(&whole);
        memcpy(copy, segment_data(number), at);
        segment_put(number, copy, 1024);
        folder_path(file_name(number + 1, SEGMENT_SUFFIX).text, copy, sizeof(copy));
        unlink(copy);
        wrong += open_and_see(&seen, &opening, &error) != LICET_OK || seen.wrong != 0;
        wrong += open_and_see(&seen, &opening, &error) != LICET_OK || opening.bytes_cut != 0;
    }
    ok(wrong == 0, "INV-23 a torn opening of a segment is cut, at every byte");
    picture_restore(&whole);
    {
        char copy[1024] = {0};

        memcpy(copy, segment_data(number), 100);
        segment_put(number, copy, 1024);
        ok(open_and_see(&seen, &opening, &error) == LICET_DAMAGED,
           "but not where a later segment is ready: that one was made after the opening's sync");
    }
}

/* ---- every byte */

/* Makes every group's own hash and check fit its bytes again, but not its successor's. */
static void group_forge(char *data, size_t offset, size_t size)
{
    uint8_t *at = (uint8_t *)data + offset;
    uint32_t body = wire_get_u32(at + 8);
    crypto_generichash_state state;

    if (size - offset < GROUP_HEADER_BYTES || body > size - offset - GROUP_HEADER_BYTES)
        body = 0;
    crypto_generichash_init(&state, NULL, 0, 32);
    crypto_generichash_update(&state, at, 64);
    crypto_generichash_update(&state, at + GROUP_HEADER_BYTES, body);
    crypto_generichash_final(&state, at + 64, 32);
    crypto_generichash(at + 96, 16, at, 96, NULL, 0);
}

/* Whether a start after harm did what it may: refuse, or cut the last group where it is torn. */
static bool is_harmless(uint64_t count_min)
{
    struct seen seen;
    struct journal_opening opening;
    enum status status = open_and_see(&seen, &opening, &error);

    if (status == LICET_DAMAGED)
        return strstr(error.text, "licetd repair") != NULL;
    return status == LICET_OK && seen.wrong == 0 && seen.count >= count_min && seen.count <= 16;
}

static void test_every_byte(bool is_sealed)
{
    const uint64_t count_min = is_sealed ? 16 : 14;
    size_t wrong = 0, refused = 0, tried = 0;
    char copy[1024];

    journal_build(is_sealed);
    for (uint64_t number = 1; number <= last_segment() + 1; number++) {
        for (size_t at = 0; at < 1024; at++) {
            memcpy(copy, segment_data(number), 1024);
            copy[at] ^= (char)(1 << at % 8);
            picture_restore(&whole);
            segment_put(number, copy, 1024);
            if (!is_harmless(count_min)) {
                wrong++;
                printf("# segment %d byte %zu: %s\n", (int)number, at, error.text);
            }
            refused += open_and_see(&(struct seen){0}, NULL, &error) == LICET_DAMAGED;
            tried++;
        }
    }
    printf("# %zu changes, %zu refused, %zu cut as torn\n", tried, refused, tried - refused);
    ok(wrong == 0, "INV-23 a wrong bit anywhere refuses or was the torn end (last group %s)",
       is_sealed ? "sealed" : "not sealed");
    ok(refused > tried / 2, "and mostly it refuses");
}

/* Any group but the last, changed and made to look honest, is betrayed by its successor. */
static void test_every_byte_forged(void)
{
    size_t wrong = 0, tried = 0;
    uint64_t last = last_segment();
    char copy[1024];

    for (uint64_t number = 1; number <= last; number++) {
        size_t offsets[32], count = groups_of(number, offsets);

        for (size_t i = 0; i + (number == last) < count; i++) {
            for (size_t at = offsets[i]; at < offsets[i + 1]; at++) {
                bool is_changed;

                memcpy(copy, segment_data(number), 1024);
                copy[at] ^= 1;
                group_forge(copy, offsets[i], 1024);
                is_changed = memcmp(copy, segment_data(number), 1024) != 0;
                picture_restore(&whole);
                segment_put(number, copy, 1024);
                tried++;
                if ((open_and_see(&(struct seen){0}, NULL, &error) == LICET_OK) == is_changed) {
                    wrong++;
                    printf("# segment %d group %zu byte %zu\n", (int)number, i, at - offsets[i]);
                }
            }
        }
    }
    ok(wrong == 0, "INV-23 with its own hash made to fit, %zu changes of %zu are noticed",
       tried - wrong, tried);
}

/* ---- whole groups and segments */

static void test_groups_moved(void)
{
    size_t offsets[32], wrong = 0;
    uint64_t last = last_segment();
    char copy[1024];

    for (uint64_t number = 1; number <= last; number++) {
        size_t count = groups_of(number, offsets);

        for (size_t i = 0; i + (number == last) < count; i++) {
            size_t size = offsets[i + 1] - offsets[i], behind = 1024 - offsets[i + 1];

            memcpy(copy, segment_data(number), 1024); /* dropped, the rest moved up */
            memmove(copy + offsets[i], copy + offsets[i + 1], behind);
            memset(copy + offsets[i] + behind, 0, size);
            picture_restore(&whole);
            segment_put(number, copy, 1024);
            wrong += open_and_see(&(struct seen){0}, NULL, &error) != LICET_DAMAGED;

            memcpy(copy, segment_data(number), 1024); /* zeroed in place */
            memset(copy + offsets[i], 0, size);
            picture_restore(&whole);
            segment_put(number, copy, 1024);
            wrong += open_and_see(&(struct seen){0}, NULL, &error) != LICET_DAMAGED;

            memcpy(copy, segment_data(number), 1024); /* doubled */
            if (size > behind)
                continue;
            memmove(copy + offsets[i + 1] + size, copy + offsets[i + 1], behind - size);
            memcpy(copy + offsets[i + 1], copy + offsets[i], size);
            picture_restore(&whole);
            segment_put(number, copy, 1024);
            wrong += open_and_see(&(struct seen){0}, NULL, &error) != LICET_DAMAGED;
        }
    }
    ok(wrong == 0, "INV-23 a group that is dropped, zeroed or doubled refuses");
    memcpy(copy, segment_data(1), 1024);
    groups_of(1, offsets);
    memcpy(copy + offsets[1], segment_data(1) + offsets[2], offsets[3] - offsets[2]);
    memcpy(copy + offsets[1] + offsets[3] - offsets[2], segment_data(1) + offsets[1],
           offsets[2] - offsets[1]);
    picture_restore(&whole);
    segment_put(1, copy, 1024);
    ok(open_and_see(&(struct seen){0}, NULL, &error) == LICET_DAMAGED,
       "INV-23 two groups in the wrong order refuse");
    memcpy(copy, segment_data(last), 1024);
    ok(groups_of(last, offsets) >= 2, "the last segment has a seal");
    memset(copy + offsets[groups_of(last, offsets) - 1], 0, GROUP_HEADER_BYTES);
    picture_restore(&whole);
    segment_put(last, copy, 1024);
    ok(is_harmless(16), "a seal that is missing takes nothing with it");
}

static void segment_unlink(uint64_t number)
{
    char path[400];

    folder_path(file_name(number, SEGMENT_SUFFIX).text, path, sizeof(path));
    unlink(path);
}

static void test_segments_moved(void)
{
    size_t wrong = 0;
    uint64_t last = last_segment();
    static const char zeros[2048];

    for (uint64_t number = 1; number <= last; number++) {
        picture_restore(&whole);
        segment_unlink(number);
        if (open_and_see(&(struct seen){0}, NULL, &error) != LICET_DAMAGED)
            wrong++;
        picture_restore(&whole);
        segment_put(number, zeros, 1024);
        wrong += open_and_see(&(struct seen){0}, NULL, &error) != LICET_DAMAGED;
        picture_restore(&whole);
        segment_put(number, segment_data(number), 1023);
        wrong += open_and_see(&(struct seen){0}, NULL, &error) != LICET_DAMAGED;
        picture_restore(&whole);
        segment_put(number, segment_data(number % last + 1), 1024);
        wrong += open_and_see(&(struct seen){0}, NULL, &error) != LICET_DAMAGED;
    }
    ok(wrong == 0, "INV-23 a segment that is gone, empty, cut short or another one refuses");
    picture_restore(&whole);
    segment_put(last + 1, zeros, 2048);
    ok(open_and_see(&(struct seen){0}, NULL, &error) == LICET_DAMAGED,
       "so does a ready segment of the wrong size");
    picture_restore(&whole);
    segment_put(last + 2, zeros, 1024);
    ok(open_and_see(&(struct seen){0}, NULL, &error) == LICET_DAMAGED,
       "and a second one behind the ready one");
    picture_restore(&whole);
    segment_unlink(last + 1);
    ok(is_harmless(16), "a missing ready segment is made again");
}

/* Two faults in the last segment: its opening and what is behind it. No header is left to tell, but
 * an opening is written alone. */
static void test_opening_is_alone(void)
{
    size_t offsets[32], count;
    uint64_t last;
    char copy[1024];

    journal_build(false);
    last = last_segment();
    count = groups_of(last, offsets);
    memcpy(copy, segment_data(last), 1024);
    for (size_t i = 0; i < count; i++)
        copy[offsets[i]] ^= 1;
    segment_put(last, copy, 1024);
    segment_unlink(last + 1);
    ok(count > 1 && open_and_see(&(struct seen){0}, NULL, &error) == LICET_DAMAGED,
       "INV-23 a damaged opening with anything behind it refuses");
}

/* A later version's journal must not be met with advice to repair it. */
static void test_newer(void)
{
    char copy[1024];

    picture_restore(&whole);
    memcpy(copy, segment_data(1), 1024);
    copy[5] = 2;
    group_forge(copy, 0, 1024);
    segment_put(1, copy, 1024);
    ok(open_and_see(&(struct seen){0}, NULL, &error) == LICET_UNSUPPORTED &&
           strstr(error.text, "newer licetd") != NULL && strstr(error.text, "repair") == NULL,
       "a journal of a later format is not called damaged");
}

int main(void)
{
    if (sodium_init() < 0)
        abort();
    use_quick_disk();
    folder_make();
    test_torn_end();
    test_goes_on_after_cut();
    test_torn_opening();
    test_every_byte(false);
    test_every_byte(true);
    test_every_byte_forged();
    test_groups_moved();
    test_segments_moved();
    test_newer();
    test_opening_is_alone();
    picture_drop(&whole);
    folder_remove();
    return tap_done();
}
