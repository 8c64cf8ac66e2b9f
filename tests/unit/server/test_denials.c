/* R8.8: the table of denials, and its notes. */
#include "server/denials.h"

#include "journal/group.h"
#include "tap.h"

#define NOON 1795500000

static const struct denial anna = {LICET_NO_SEAT, 1, 2, 3, 4, 0, 5};
static const struct denial bob = {LICET_NO_SEAT, 1, 2, 6, 4, 0, 5};

static struct denials *table(bool has_names)
{
    struct denials *denials = NULL;

    if (denials_create(has_names, &denials, NULL) != LICET_OK)
        abort();
    return denials;
}

static uint32_t rows(const struct denials *denials, struct denial_row *ret_last)
{
    uint64_t cursor = 0;
    uint32_t count = 0;

    while (denials_next(denials, &cursor, ret_last))
        count++;
    return count;
}

/* Takes notes and gives them to another table, as the journal does. */
static uint32_t note(struct denials *denials, int64_t now_ms, bool is_last, struct denials *other)
{
    static char place[DENIALS_MAX * 64];
    struct buf body = buf_over(place, sizeof(place));
    struct text rest, bytes;
    uint32_t count = 0;

    denials_take_notes(denials, (struct instant){now_ms}, is_last, &body);
    for (rest = buf_text(&body); group_next_record(&rest, &bytes); count++)
        denials_fold(other, bytes);
    return count;
}

static void test_rows(void)
{
    struct denials *denials = table(true);
    struct denial_row row;
    uint64_t cursor = 0;

    denials_add(denials, &anna, NOON);
    denials_add(denials, &bob, NOON + 1);
    denials_add(denials, &anna, NOON + 9);
    ok(rows(denials, &row) == 2, "R8.8 the same refusal again is the same row");
    ok(memcmp(&row.denial, &anna, sizeof(anna)) == 0 && row.count == 2 && row.first == NOON &&
           row.last == NOON + 9,
       "R8.8 with how often, first and last; the latest refusal comes last");
    denials_next(denials, &cursor, &row);
    denials_add(denials, &bob, NOON + 20);
    ok(denials_next(denials, &cursor, &row) && row.denial.user == anna.user &&
           denials_next(denials, &cursor, &row) && row.denial.user == bob.user && row.count == 2 &&
           !denials_next(denials, &cursor, &row),
       "a row that is added to between two pages is met again, and none is missed");
    cursor = UINT64_MAX;
    ok(!denials_next(denials, &cursor, &row), "a cursor from nowhere is the end");
    denials_destroy(denials);
}

static void test_nameless(void)
{
    struct denials *denials = table(false);
    struct denial_row row;

    denials_add(denials, &anna, NOON);
    denials_add(denials, &bob, NOON);
    ok(rows(denials, &row) == 1 && row.count == 2 && row.denial.feature == 2 &&
           row.denial.user == 0 && row.denial.host == 0 && row.denial.source == 0,
       "R10.8 denials=counts says what was refused how often, and not to whom");
    denials_destroy(denials);
}

static void test_notes(void)
{
    struct denials *denials = table(true), *read = table(true), *nameless = table(false);
    struct denial_row row;

    denials_add(denials, &anna, NOON);
    denials_add(denials, &anna, NOON + 1);
    ok(note(denials, 1, false, read) == 1 && rows(read, &row) == 1 && row.count == 2 &&
           row.first == NOON && row.last == NOON + 1,
       "R8.8 a row is one note, and folds to itself");
    ok(note(denials, 2, false, read) == 0, "what was noted is not noted again");
    denials_add(denials, &anna, NOON + 2);
    ok(note(denials, DENIAL_NOTE_MS, false, read) == 0, "what came since waits for its minute");
    ok(note(denials, 1 + DENIAL_NOTE_MS, false, read) == 1 && rows(read, &row) == 1 &&
           row.count == 3 && row.last == NOON + 2,
       "R8.8 then it is added");
    denials_add(denials, &anna, NOON + 3);
    ok(note(denials, 2 + DENIAL_NOTE_MS, true, read) == 1 && rows(read, &row) == 1 &&
           row.count == 4,
       "at the stop nothing waits");
    denials_add(denials, &bob, NOON + 4);
    denials_add(denials, &anna, NOON + 5);
    note(denials, 3 + DENIAL_NOTE_MS, true, nameless);
    ok(rows(nameless, &row) == 1 && row.count == 2 && row.denial.user == 0,
       "R10.8 notes with names are read without them where the setting is counts");
    denials_destroy(denials);
    denials_destroy(read);
    denials_destroy(nameless);
}

static void test_hostile(void)
{
    struct denial_row good = {anna, 1, NOON, NOON}, row;
    uint8_t bytes[DENIAL_NOTE_BYTES + 1] = {0};
    /* A newer kind, a status that is no denial, a name that cannot be, no count, a time before
     * 1970, a first after the last. */
    static const struct {
        uint32_t at;
        uint8_t value;
    } wrong[] = {{0, 2}, {4, LICET_OK}, {5, 1}, {36, 0}, {37, 0x80}, {44, 0xff}};
    struct denials *denials = table(true);

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        denial_note_encode(&good, bytes);
        bytes[wrong[i].at] = wrong[i].value;
        denials_fold(denials, text_make(bytes, DENIAL_NOTE_BYTES));
    }
    denial_note_encode(&good, bytes);
    denials_fold(denials, text_make(bytes, DENIAL_NOTE_BYTES - 1));
    denials_fold(denials, text_make(bytes, DENIAL_NOTE_BYTES + 1));
    ok(rows(denials, &row) == 0, "a note that makes no sense is passed over");
    denials_fold(denials, text_make(bytes, DENIAL_NOTE_BYTES));
    ok(rows(denials, &row) == 1, "the same without its fault is not");
    good.count = UINT64_MAX;
    denial_note_encode(&good, bytes);
    denials_fold(denials, text_make(bytes, DENIAL_NOTE_BYTES));
    ok(rows(denials, &row) == 1 && row.count == UINT64_MAX, "a count stays at the largest number");
    denials_destroy(denials);
}

static void test_flood(void)
{
    struct denials *denials = table(true), *read = table(true);
    struct denial denial = anna;
    struct denial_row row;
    uint64_t cursor = 0;

    denials_add(denials, &bob, NOON);
    for (uint32_t user = 100; user < 100 + DENIALS_MAX; user++) {
        denial.user = user;
        denials_add(denials, &denial, NOON + 1);
    }
    ok(rows(denials, &row) == DENIALS_MAX && denials_dropped(denials) == 1,
       "R8.8 a flood makes room by the oldest row, and says so");
    ok(denials_next(denials, &cursor, &row) && row.denial.user == 100, "which was bob's");
    ok(note(denials, 1, false, read) == DENIAL_NOTES_A_FLUSH, "R8.8 and notes a few at a time");
    ok(note(denials, 2, true, read) == DENIALS_MAX - DENIAL_NOTES_A_FLUSH &&
           rows(read, &row) == DENIALS_MAX,
       "until all are there");
    denials_add(denials, &bob, NOON + 2);
    ok(denials_dropped(denials) == 1, "a row that was noted is no loss");
    denials_destroy(denials);
    denials_destroy(read);
}

static void test_expiry(void)
{
    const int64_t days = (int64_t)DENIAL_DAYS * 86400;
    struct denials *denials = table(true);
    struct denial denial = anna;
    struct denial_row row;

    denials_add(denials, &anna, NOON);
    denials_add(denials, &bob, NOON + 1);
    denials_expire(denials, NOON + days);
    ok(rows(denials, &row) == 2, "R10.8 who was refused is remembered for 400 days");
    denials_expire(denials, NOON + days + 1);
    ok(rows(denials, &row) == 1 && row.denial.user == bob.user, "R10.8 and not a second longer");
    for (uint32_t user = 100; user < 99 + DENIALS_MAX; user++) {
        denial.user = user;
        denials_add(denials, &denial, NOON + 2);
    }
    ok(rows(denials, &row) == DENIALS_MAX && denials_dropped(denials) == 1,
       "its place is used again");
    denials_destroy(denials);
}

static void test_names(void)
{
    struct denials *denials = table(true);
    struct instant now = {1000000000};
    uint32_t taken = 0;

    while (taken <= DENIAL_NAMES_MAX && denials_take_name(denials, now))
        taken++;
    ok(taken == DENIAL_NAMES_MAX, "R10.8 so many new names denials may leave behind at once");
    now.ms += DENIAL_NAME_MS - 1;
    ok(!denials_take_name(denials, now), "and no more within a minute");
    now.ms += 1;
    ok(denials_take_name(denials, now) && !denials_take_name(denials, now),
       "R10.8 then one a minute");
    denials_destroy(denials);
}

int main(void)
{
    test_rows();
    test_nameless();
    test_notes();
    test_hostile();
    test_flood();
    test_expiry();
    test_names();
    return tap_done();
}
