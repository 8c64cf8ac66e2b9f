/* licet file format: wraps a draft that a person wrote, so that it can be signed. */
#include <getopt.h>

#include "cli/command.h"
#include "cli/read.h"

/* Words of one logical line, until a physical line that neither ends in a backslash nor is followed
 * by an indented one. */
static void format_text(struct text text, struct buf *buf)
{
    struct line_writer writer = line_writer_into(buf);
    bool is_open = false;
    struct text line, word;

    while (text_split(&text, '\n', &line)) {
        bool is_continuation = line.size > 0 && line.data[0] == ' ';

        if (is_open && !is_continuation)
            line_writer_end(&writer);
        if (line.size == 0)
            is_open = false;
        while (text_split(&line, ' ', &word)) {
            if (word.size == 0 || text_is(word, "\\"))
                continue;
            line_writer_add(&writer, word);
            is_open = true;
        }
    }
}

enum status file_format_run(int argc, char **argv, struct error *error)
{
    struct error found = {.status = LICET_OK};
    struct document document;
    struct cli_text text;
    struct license license;
    enum status status;
    size_t capacity;
    struct buf buf;
    char *bytes;

    if (getopt(argc, argv, "") != -1 || optind + 1 != argc)
        return command_usage(argv[0], error);
    status = cli_text_read(argv[optind], &text, error);
    if (status != LICET_OK)
        return status;
    capacity = 4 * text.file.size + 64; /* a break is 7 bytes, and at most one a word of 2 */
    bytes = malloc(capacity);
    if (bytes == NULL)
        status = error_set(error, LICET_NO_MEMORY, "no memory is left to format %s", argv[optind]);
    if (status == LICET_OK)
        status =
            document_normalise(text.file, LICENSE_FILE_BYTES_MAX, &text.arena, &document, error);
    if (status == LICET_OK) {
        buf = buf_over(bytes, capacity);
        /* The first line is 58 characters, which wrapping leaves alone. */
        format_text(document.payload, &buf);
        status = license_parse(buf_text(&buf), &text.arena, &license, &found);
        printf("%.*s", TEXT_ARGS(buf_text(&buf)));
        if (status == LICET_OK)
            cli_note_unserved(&license);
        else
            error_set(error, status, "%s (lines are counted in what was printed)", found.text);
    }
    free(bytes);
    cli_text_finish(&text);
    return status;
}
