/* Groups in memory: the bytes of docs/journal.md, and the judgement of what stands at a place. */
#include <sodium.h>

#include "base/file.h"
#include "base/parse.h"
#include "journal_tests.h"

static struct error error;
static char vector[1024];
static size_t vector_size;

/* The lines of hex digits in the document, one after the other. */
static void vector_read(const char *path)
{
    struct text document = {NULL, 0}, rest, line;

    if (file_read(path, 1024 * 1024, &document, &error) != LICET_OK)
        abort();
    rest = document;
    while (text_split(&rest, '\n', &line)) {
        if (line.size < 30 || line.size % 2 != 0 ||
            parse_hex(line, (uint8_t *)vector + vector_size, line.size / 2, NULL) != LICET_OK)
            continue;
        vector_size += line.size / 2;
    }
    free((char *)(uintptr_t)document.data);
}

static void test_vector(void)
{
    struct group_place place = {.bytes = text_make(vector, sizeof(vector))};
    struct journal_head head = {0};
    struct group group;
    struct opening opening;
    struct text rest, record = {NULL, 0};

    ok(vector_size == 148 + 127 + 112, "docs/journal.md has a vector");
    ok(group_read(&place, &head, &group) == GROUP_WHOLE && opening_parse(&group, &opening) &&
           opening.segment == 1 && opening.segment_bytes == 1024 && opening.created == 1795500000,
       "its first group opens segment 1");
    head = group_head(&group);
    place.offset = 148;
    ok(group_read(&place, &head, &group) == GROUP_WHOLE && group.kind == GROUP_RECORDS &&
           group.count == 2,
       "its second is a commit");
    rest = group.body;
    ok(group_next_record(&rest, &record) && text_is(record, "hello") &&
           group_next_record(&rest, &record) && text_is(record, "hi") &&
           !group_next_record(&rest, &record),
       "of two records");
    head = group_head(&group);
    place.offset = 148 + 127;
    ok(group_read(&place, &head, &group) == GROUP_WHOLE && group.kind == GROUP_SEAL, "then a seal");
    head = group_head(&group);
    ok(head.number == 2 && head.group == 3 && head.hash[0] == 0x74, "the head is as written");
    place.offset = vector_size;
    ok(group_read(&place, &head, &group) == GROUP_EMPTY, "and there is nothing behind");
}

static void test_print(void)
{
    uint8_t header[GROUP_HEADER_BYTES];
    char body[64];
    struct buf buf = buf_over(body, sizeof(body));
    struct journal_head head = {0};
    struct opening opening = {.segment = 1, .created = 1795500000, .segment_bytes = 1024};
    char opening_body[OPENING_BYTES];

    for (uint8_t i = 0; i < 16; i++)
        opening.journal[i] = i;
    opening_print(&opening, opening_body);
    head = group_print(
        header, (struct group_form){GROUP_SEGMENT, 0, {opening_body, sizeof(opening_body)}}, &head);
    ok(memcmp(header, vector, GROUP_HEADER_BYTES) == 0 &&
           memcmp(opening_body, vector + GROUP_HEADER_BYTES, OPENING_BYTES) == 0,
       "we print the vector's opening");
    journal_body_add(&buf, TEXT("hello"));
    journal_body_add(&buf, TEXT("hi"));
    head = group_print(header, (struct group_form){GROUP_RECORDS, 2, buf_text(&buf)}, &head);
    ok(memcmp(header, vector + 148, GROUP_HEADER_BYTES) == 0 &&
           memcmp(body, vector + 148 + GROUP_HEADER_BYTES, buf.size) == 0,
       "its commit");
    group_print(header, (struct group_form){GROUP_SEAL, 0, {NULL, 0}}, &head);
    ok(memcmp(header, vector + 148 + 127, GROUP_HEADER_BYTES) == 0, "and its seal");
}

/* The second group's place, with the bytes as they are in `bytes`. */
static enum group_verdict judge(const char *bytes, size_t size, bool is_growing)
{
    struct group_place place = {text_make(bytes, size), 148, is_growing};
    struct journal_head head;
    struct group group;

    if (!group_read_first(text_make(bytes, size), 0, &group))
        abort();
    head = group_head(&group);
    return group_read(&place, &head, &group);
}

static void test_judgement(void)
{
    char bytes[1024];
    const size_t commit_end = 148 + 127;

    memcpy(bytes, vector, sizeof(bytes));
    memset(bytes + commit_end, 0, sizeof(bytes) - commit_end);
    bytes[commit_end - 1] ^= 1;
    ok(judge(bytes, 1024, false) == GROUP_TORN, "a wrong body with zeros behind is torn");
    bytes[commit_end] = 1;
    ok(judge(bytes, 1024, false) == GROUP_DAMAGED, "with a byte behind its end it is damaged");
    bytes[commit_end] = 0;
    bytes[148 + 20] ^= 1;
    ok(judge(bytes, 1024, false) == GROUP_TORN, "without a header it is torn as well");
    memcpy(bytes + commit_end, vector + commit_end, 112);
    ok(judge(bytes, 1024, false) == GROUP_DAMAGED, "but not with a later group behind");
    memcpy(bytes, vector, sizeof(bytes));
    ok(judge(bytes, commit_end - 1, false) == GROUP_DAMAGED,
       "a group that passes the end of a segment is damaged");
    ok(judge(bytes, commit_end - 1, true) == GROUP_TORN, "in a file that grows it is torn");
    memset(bytes + 148, 0, sizeof(bytes) - 148);
    ok(judge(bytes, 1024, false) == GROUP_EMPTY, "zeros are the end of a segment");
    ok(judge(bytes, 1024, true) == GROUP_TORN, "in a file that grows they are torn");
    ok(judge(bytes, 148, true) == GROUP_EMPTY, "whose end is the end");
    memcpy(bytes + 148, vector, 148);
    ok(judge(bytes, 1024, false) == GROUP_DAMAGED, "a group of another place is damage");
}

static void test_zeros(void)
{
    char bytes[64] = {0};
    size_t wrong = 0;

    for (size_t at = 0; at < sizeof(bytes); at++) {
        bytes[at] = 1;
        wrong += bytes_are_zero(text_make(bytes, sizeof(bytes)));
        bytes[at] = 0;
    }
    ok(wrong == 0 && bytes_are_zero(text_make(bytes, sizeof(bytes))) &&
           bytes_are_zero((struct text){NULL, 0}),
       "a byte that is not zero is seen anywhere");
}

int main(int argc, char **argv)
{
    if (argc < 2 || sodium_init() < 0)
        return 2;
    vector_read(argv[1]);
    test_vector();
    test_print();
    test_judgement();
    test_zeros();
    return tap_done();
}
