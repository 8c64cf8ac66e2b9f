/*
 * The signer's client for tests: signer_ask SOCKET TIMEOUT-MS [PROGRAM CONFIG]. Standard input holds
 * frames as they go over the socket, and the size 0xffffffff behind the last; then every byte asks all
 * items once more. Answers go to standard output in the same form, one frame a round, and a failure
 * as one answer.
 */
#include <unistd.h>

#include "base/parse.h"
#include "base/wire.h"
#include "signer/client.h"

#define ITEMS_MAX 1024u
#define INPUT_MAX (16u * 1024 * 1024)

static struct signer_item items[ITEMS_MAX];
static uint32_t items_count;

static bool read_all(void *place, size_t size)
{
    return fread(place, 1, size, stdin) == size;
}

static void read_items(void)
{
    static char input[INPUT_MAX];
    size_t used = 0;

    for (;;) {
        struct signer_item frame[SIGNER_ITEMS_MAX];
        uint8_t head[FRAME_SIZE_BYTES];
        uint32_t size, count;

        if (!read_all(head, sizeof(head)))
            exit(2);
        size = wire_get_u32(head);
        if (size == UINT32_MAX)
            return;
        if (size > INPUT_MAX - used || !read_all(input + used, size) ||
            frame_parse(text_make(input + used, size), frame, &count, NULL) != LICET_OK ||
            count > ITEMS_MAX - items_count)
            exit(2);
        memcpy(&items[items_count], frame, count * sizeof(frame[0]));
        items_count += count;
        used += size;
    }
}

static void ask_round(struct signer_client *client)
{
    static struct signer_answer answers[ITEMS_MAX];
    static char output[ITEMS_MAX * (FRAME_ANSWER_BYTES + SSHSIG_ARMOR_MAX)];
    struct buf buf = buf_over(output, sizeof(output));
    struct error error = {.text = ""};

    frame_answers_open(&buf);
    for (uint32_t done = 0, count = 0; done < items_count; done += count) {
        enum status status =
            signer_client_ask(client, items + done, items_count - done, answers, &count, &error);

        if (status != LICET_OK) {
            struct signer_answer failure = {status, text_of(error_text(&error, status))};

            frame_answer_print(&failure, &buf);
            break;
        }
        for (uint32_t index = 0; index < count; index++)
            frame_answer_print(&answers[index], &buf);
    }
    frame_answers_close(&buf);
    fwrite(buf.data, 1, buf.size, stdout);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct signer_client_options options = {.timeout_ms = 0};
    struct signer_client *client;
    struct error error;

    if (argc < 3 || parse_u32(text_of(argv[2]), 1, 60000, &options.timeout_ms, NULL) != LICET_OK)
        return 2;
    options.socket = argv[1];
    options.program = argc > 4 ? argv[3] : NULL;
    options.config = argc > 4 ? argv[4] : NULL;
    if (signer_client_create(&options, &client, &error) != LICET_OK)
        return 2;
    read_items();
    do {
        ask_round(client);
    } while (getchar() != EOF);
    signer_client_destroy(client);
    return 0;
}
