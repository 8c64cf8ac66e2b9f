/* The table of fields: every row printed and parsed, its range held at both ends. */
#include <stddef.h>

#include "license/checkpoint.h"
#include "license/exchange.h"

#include "tap.h"

static char memory[256 * 1024];

/* Parses one line given as its words. */
static enum status parse(enum line_kind kind, struct text text, void *value, struct error *error)
{
    static struct arena arena;
    static struct line_words line;
    struct text word;

    arena = arena_over(memory, sizeof(memory));
    line = (struct line_words){.number = 1};
    while (text_split(&text, ' ', &word))
        line.words[line.count++] = word;
    return line_parse(kind, &line, &arena, value, error);
}

static const char *sample(const struct field_row *row)
{
    switch (row->type) {
    case FIELD_VERSION:
        return "1";
    case FIELD_IDENTIFIER:
    case FIELD_IDENTIFIERS:
        return "an_Identifier9";
    case FIELD_TOKEN:
    case FIELD_TOKENS:
        return "a.token:_+-9";
    case FIELD_NAME:
        return "J\xc3\xbcrgen's-host";
    case FIELD_NUMBER:
    case FIELD_COUNTER:
        return "7";
    case FIELD_DATE:
        return "2027-02-28";
    case FIELD_INSTANT:
        return "2026-11-24T09:12:33Z";
    case FIELD_DURATION:
        return row->unit == 'd' ? "7d" : row->unit == 'h' ? "7h" : "70s";
    case FIELD_WORD:
        return strrchr(row->words, ' ') + 1;
    case FIELD_HASH:
        return "SHA256:SqbRk06FCcXAvhwVFZhLR4dh58hjb/lY86x8Ke4OaVE";
    case FIELD_LOG:
        return "118:SqbRk06FCcXAvhwVFZhLR4dh58hjb/lY86x8Ke4OaVE";
    }
    return "";
}

/* The required fields of a line and, where `index` is one of the others, that one; with `other`
 * instead of its sample where that is not NULL. */
static struct text line_with(enum line_kind kind, uint32_t index, const char *other)
{
    static char bytes[8192];
    struct buf buf = buf_over(bytes, sizeof(bytes));
    uint32_t count;
    const struct field_row *rows = field_rows_of(kind, &count);

    buf_add_string(&buf, line_row_of(kind)->word);
    for (uint32_t row = 0; row < count; row++) {
        if (!rows[row].is_required && row != index)
            continue;
        buf_add_byte(&buf, ' ');
        if (!rows[row].is_positional)
            buf_printf(&buf, "%s=", rows[row].key);
        buf_add_string(&buf, row == index && other != NULL ? other : sample(&rows[row]));
    }
    return buf_text(&buf);
}

static bool prints_back(enum line_kind kind, const void *value, struct text words)
{
    static char printed[8192], wrapped[8192];
    struct buf buf = buf_over(printed, sizeof(printed)), other = buf_over(wrapped, sizeof(wrapped));
    struct line_writer writer = line_writer_into(&other);
    struct text word;

    while (text_split(&words, ' ', &word))
        line_writer_add(&writer, word);
    line_writer_end(&writer);
    line_print(kind, value, &buf);
    return text_equal(buf_text(&buf), buf_text(&other));
}

static union {
    struct license_head head;
    struct license_host host;
    struct license_increment increment;
    struct request_head request;
    struct request_act act;
    struct receipt_head receipt;
    struct receipt_line line;
    struct response_head response;
    struct response_result result;
    struct revocations_head revocations;
    struct revoked_key revoked;
    struct checkpoint checkpoint;
} value;

static void test_every_row(void)
{
    unsigned wrong = 0, rows_total = 0;

    for (int kind = LINE_UNKNOWN + 1; kind < LINE_KINDS_COUNT; kind++) {
        uint32_t count;
        const struct field_row *rows = field_rows_of((enum line_kind)kind, &count);

        for (uint32_t row = 0; row < count; row++) {
            struct text text = line_with((enum line_kind)kind, row, NULL);
            struct error error = {.status = LICET_OK};
            bool is_good = parse((enum line_kind)kind, text, &value, &error) == LICET_OK &&
                           (rows[row].type == FIELD_VERSION || field_is_set(&rows[row], &value)) &&
                           prints_back((enum line_kind)kind, &value, text);

            rows_total++;
            wrong += is_good ? 0 : 1;
            if (!is_good)
                printf("# %s %s: %s\n", line_row_of((enum line_kind)kind)->word, rows[row].key,
                       error.text);
        }
    }
    ok(wrong == 0 && rows_total > 80, "R2.2 each of %u fields is parsed and printed back",
       rows_total);
}

static void test_missing(void)
{
    unsigned wrong = 0;

    for (int kind = LINE_UNKNOWN + 1; kind < LINE_KINDS_COUNT; kind++) {
        uint32_t count;
        const struct field_row *rows = field_rows_of((enum line_kind)kind, &count);

        for (uint32_t row = 0; row < count; row++) {
            struct text text = line_with((enum line_kind)kind, count, NULL);
            char cut[8192];
            const char *at;
            char key[64];

            if (!rows[row].is_required || rows[row].is_positional)
                continue;
            /* Taken out by turning it into an x- field. */
            snprintf(key, sizeof(key), " %s=", rows[row].key);
            snprintf(cut, sizeof(cut), "%.*s", TEXT_ARGS(text));
            at = strstr(cut, key);
            snprintf(cut + (at - cut), sizeof(cut) - (size_t)(at - cut), " x-%.*s",
                     (int)(text.size - (size_t)(at - cut) - 1), text.data + (at - cut) + 1);
            wrong +=
                parse((enum line_kind)kind, text_of(cut), &value, NULL) == LICET_INVALID ? 0 : 1;
        }
    }
    ok(wrong == 0, "R2.2 a required field that is missing is refused on every line");
}

static enum status with(const char *key, const char *text)
{
    uint32_t count;
    const struct field_row *rows = field_rows_of(LINE_INCREMENT, &count);
    const struct field_row *row = field_row_find(LINE_INCREMENT, text_of(key));

    return parse(LINE_INCREMENT, line_with(LINE_INCREMENT, (uint32_t)(row - rows), text), &value,
                 NULL);
}

static void test_ranges(void)
{
    static const struct {
        const char *key, *good, *bad;
    } edges[] = {
        {"seats", "1", "0"},
        {"seats", "1000000000", "1000000001"},
        {"seats", "300", "0300"},
        {"seats", "300", "+300"},
        {"seats", "300", "3e2"},
        {"overdraft", "1", "0"},
        {"ttl", "10s", "9s"},
        {"ttl", "86400s", "86401s"},
        {"ttl", "299s", "300s"},
        {"ttl", "60s", "60"},
        {"ttl", "60s", "1h"},
        {"ttl", "60s", "60S"},
        {"drain", "0h", "24h"},
        {"drain", "8760h", "8761h"},
        {"drain", "1h", "01h"},
        {"hold", "89d", "90d"},
        {"grace", "87600h", "87601h"},
        {"grace", "1h", "0h"},
        {"borrow", "168h", "7d"},
        {"linger", "604800s", "604801s"},
        {"grace-seats", "2000000000", "2000000001"},
        {"start", "1970-01-02", "1970-01-01"},
        {"start", "2028-02-29", "2027-02-29"},
        {"start", "2027-01-01", "none"},
        {"maintenance", "none", "permanent"},
        {"expiry", "permanent", "none"},
        {"expiry", "9999-12-31", "10000-01-01"},
        {"refresh-by", "2027-01-01", "2027-1-1"},
        {"sn", "a", ""},
        {"sn", "a:b", "a/b"},
        {"type", "trial", "trial-1"},
        {"advisory", "yes", "no"},
    };
    unsigned wrong = 0;

    for (size_t index = 0; index < sizeof(edges) / sizeof(edges[0]); index++) {
        bool is_good = with(edges[index].key, edges[index].good) == LICET_OK &&
                       with(edges[index].key, edges[index].bad) == LICET_INVALID;

        wrong += is_good ? 0 : 1;
        if (!is_good)
            printf("# %s=%s, %s=%s\n", edges[index].key, edges[index].good, edges[index].key,
                   edges[index].bad);
    }
    ok(wrong == 0, "R2.2 %zu pairs beside the edges of types, ranges and defaults",
       sizeof(edges) / sizeof(edges[0]));
}

static void test_names(void)
{
    char name[70];

    memset(name, 'a', sizeof(name));
    name[64] = '\0';
    ok(with("sn", name) == LICET_OK && with("type", name) == LICET_OK,
       "R1.1 64 characters are a name");
    name[64] = 'a';
    name[65] = '\0';
    ok(with("sn", name) == LICET_INVALID && with("type", name) == LICET_INVALID,
       "R1.1 65 are refused, not cut");
    ok(parse(LINE_SERVER, TEXT("SERVER a\xe2\x80\xae id=S-1"), &value, NULL) == LICET_INVALID,
       "R1.1 a mark that turns the direction of text is refused in a name");
    ok(parse(LINE_SERVER, TEXT("SERVER \xff id=S-1"), &value, NULL) == LICET_INVALID,
       "R1.1 a name that is not UTF-8 is refused");
}

static void test_lists(void)
{
    char text[2048];
    struct buf buf = buf_over(text, sizeof(text));
    struct text base = line_with(LINE_INCREMENT, 99, NULL);

    buf_add_text(&buf, base);
    for (unsigned index = 0; index < LINE_COVERS_MAX; index++)
        buf_printf(&buf, " covers=c%u", index);
    ok(parse(LINE_INCREMENT, buf_text(&buf), &value, NULL) == LICET_OK &&
           value.increment.covers.count == LINE_COVERS_MAX &&
           text_is(value.increment.covers.items[31], "c31"),
       "32 covered features are parsed");
    buf_add_string(&buf, " covers=last");
    ok(parse(LINE_INCREMENT, buf_text(&buf), &value, NULL) == LICET_TOO_LARGE, "33 are refused");
}

int main(void)
{
    test_every_row();
    test_missing();
    test_ranges();
    test_names();
    test_lists();
    return tap_done();
}
