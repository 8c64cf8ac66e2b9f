/*
 * What the signer reads from its socket, what its client reads back, and the records of the journal,
 * out of hostile bytes. What is parsed prints as the same bytes.
 */
#include <assert.h>

#include "signer/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_SIZE_MAX (64 * 1024)

static char printed[FUZZ_SIZE_MAX + FRAME_SIZE_BYTES];

static void fuzz_frame(struct text input)
{
    static struct signer_item items[SIGNER_ITEMS_MAX];
    struct buf buf = buf_over(printed, sizeof(printed));
    uint32_t count;

    if (frame_parse(input, items, &count, NULL) != LICET_OK)
        return;
    assert(count <= SIGNER_ITEMS_MAX);
    frame_print(items, count, &buf);
    assert(!buf.is_full && text_equal(text_skip(buf_text(&buf), FRAME_SIZE_BYTES), input));
}

static void fuzz_answers(struct text input)
{
    struct signer_answer answers[2];
    struct buf buf = buf_over(printed, sizeof(printed));

    if (frame_answers_parse(input, 2, answers, NULL) != LICET_OK)
        return;
    frame_answers_open(&buf);
    frame_answer_print(&answers[0], &buf);
    frame_answer_print(&answers[1], &buf);
    frame_answers_close(&buf);
    assert(!buf.is_full && text_equal(text_skip(buf_text(&buf), FRAME_SIZE_BYTES), input));
}

static void fuzz_record(struct text input)
{
    struct buf buf = buf_over(printed, sizeof(printed));
    struct signer_record record;

    if (record_parse(input, &record, NULL) != LICET_OK)
        return;
    record_print(&record, &buf);
    assert(buf.size <= SIGNER_RECORD_BYTES_MAX && text_equal(buf_text(&buf), input));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text input = text_make(data, size);

    if (size > FUZZ_SIZE_MAX)
        return 0;
    fuzz_frame(input);
    fuzz_answers(input);
    fuzz_record(input);
    return 0;
}
