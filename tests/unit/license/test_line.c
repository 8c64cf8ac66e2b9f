/* Wrapping (R2.3): where a line is broken, to the column, and that reading wants exactly that. */
#include "license/line.h"

#include "tap.h"

static char wrapped_bytes[8192];

/* The words of `text`, wrapped. */
static struct text wrapped(struct text text)
{
    struct buf buf = buf_over(wrapped_bytes, sizeof(wrapped_bytes));
    struct line_writer writer = line_writer_into(&buf);
    struct text word;

    while (text_split(&text, ' ', &word))
        line_writer_add(&writer, word);
    line_writer_end(&writer);
    return buf_text(&buf);
}

static size_t widest(struct text text)
{
    struct text line;
    size_t most = 0;

    while (text_split(&text, '\n', &line))
        most = line.size > most ? line.size : most;
    return most;
}

static size_t lines_of(struct text text)
{
    size_t count = 0;

    for (size_t index = 0; index < text.size; index++)
        count += text.data[index] == '\n' ? 1 : 0;
    return count;
}

/* "W aaa...": a last word that ends at this column. */
static struct text line_to_column(size_t column, const char *after)
{
    static char bytes[256];
    struct buf buf = buf_over(bytes, sizeof(bytes));

    buf_add_string(&buf, "W ");
    while (buf.size < column)
        buf_add_byte(&buf, 'a');
    buf_add_string(&buf, after);
    return buf_text(&buf);
}

static bool reads(struct text text)
{
    struct line_reader reader = {text, 1};
    struct line_words words;

    while (reader.rest.size > 0) {
        if (line_next(&reader, &words, NULL) != LICET_OK)
            return false;
    }
    return true;
}

static void test_columns(void)
{
    ok(lines_of(wrapped(line_to_column(76, ""))) == 1, "R2.3 a last word may end at column 76");
    ok(lines_of(wrapped(line_to_column(77, ""))) == 2, "R2.3 at column 77 it is on the next line");
    ok(lines_of(wrapped(line_to_column(74, " b"))) == 1 &&
           lines_of(wrapped(line_to_column(74, " bb"))) == 2,
       "R2.3 a word that ends at column 74 leaves room for the backslash, or for one more letter");
    ok(lines_of(wrapped(line_to_column(75, " b"))) == 3 &&
           text_starts_with(wrapped(line_to_column(75, " b")), "W \\\n    aaa"),
       "R2.3 at column 75 it does not, and goes to the next line itself");
    ok(text_is(wrapped(TEXT("W a=1")), "W a=1\n"), "a short line is one line");
    ok(widest(wrapped(line_to_column(200, " b c"))) == 4 + 198 + 2 &&
           lines_of(wrapped(line_to_column(200, " b c"))) == 3,
       "R2.3 a word too long for any line stands alone");
}

static void test_reading(void)
{
    ok(reads(wrapped(line_to_column(76, ""))) && reads(wrapped(line_to_column(75, " b"))) &&
           reads(wrapped(line_to_column(200, " b c"))),
       "R2.3 what is written is read");
    ok(!reads(TEXT("W \\\n    a\n")), "R2.3 a break where none was needed is refused");
    ok(!reads(TEXT("W a\\\n    b\n")), "a backslash without a blank before it is refused");
    ok(!reads(TEXT("W a \\\n")), "a backslash on the last line is refused");
    ok(!reads(TEXT("W a \\\n\n")), "a backslash before an empty line is refused");
    ok(!reads(TEXT(" W a\n")) && !reads(TEXT("W  a\n")) && !reads(TEXT("W a\t\n")),
       "blanks and tabs where none belong are refused");
}

/* Lines of every shape: written, they are never wider than 76 unless one word alone is, and they
 * read. */
static void test_shapes(void)
{
    static char words[4096];
    uint32_t seed = 12345;
    unsigned wrong = 0;

    for (unsigned round = 0; round < 2000; round++) {
        struct buf buf = buf_over(words, sizeof(words));
        struct text text;

        buf_add_byte(&buf, 'W');
        seed = seed * 1103515245 + 12345;
        for (unsigned count = (seed >> 16) % 30; count > 0; count--) {
            seed = seed * 1103515245 + 12345;
            buf_add_byte(&buf, ' ');
            for (unsigned size = 1 + (seed >> 16) % 70; size > 0; size--)
                buf_add_byte(&buf, 'a');
        }
        text = wrapped(buf_text(&buf));
        wrong += widest(text) > LICENSE_COLUMN_MAX || !reads(text) ? 1 : 0;
    }
    ok(wrong == 0, "R2.3 2,000 lines of random words are within 76 columns and read back");
}

int main(void)
{
    test_columns();
    test_reading();
    test_shapes();
    return tap_done();
}
