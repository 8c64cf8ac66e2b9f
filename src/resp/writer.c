/* RESP bytes into a buf. */
#include "resp/writer.h"

#define LINE_END "\r\n"

static void write_header(struct buf *buf, char lead, uint64_t value)
{
    char header[1 + 20 + 2]; /* 2^64 has 20 digits */
    struct buf line = buf_over(header, sizeof(header));

    buf_add_byte(&line, lead);
    buf_add_u64(&line, value);
    buf_add(&line, LINE_END, 2);
    buf_add_text(buf, buf_text(&line));
}

void resp_write_simple(struct buf *buf, const char *string)
{
    buf_add_byte(buf, '+');
    buf_add_string(buf, string);
    buf_add(buf, LINE_END, 2);
}

void resp_write_error(struct buf *buf, const char *word, struct text sentence)
{
    buf_add_byte(buf, '-');
    buf_add_string(buf, word);
    buf_add_byte(buf, ' ');
    for (size_t index = 0; index < sentence.size; index++) {
        unsigned char byte = (unsigned char)sentence.data[index];

        buf_add_byte(buf, byte < 0x20 || byte == 0x7f ? ' ' : (char)byte);
    }
    buf_add(buf, LINE_END, 2);
}

void resp_write_status(struct buf *buf, enum status status, const struct error *error)
{
    resp_write_error(buf, status_word(status), text_of(error_text(error, status)));
}

void resp_write_integer(struct buf *buf, int64_t value)
{
    if (value >= 0) {
        write_header(buf, ':', (uint64_t)value);
    } else {
        buf_add(buf, ":-", 2);
        buf_add_u64(buf, -(uint64_t)value);
        buf_add(buf, LINE_END, 2);
    }
}

void resp_write_bulk(struct buf *buf, struct text text)
{
    write_header(buf, '$', text.size);
    buf_add_text(buf, text);
    buf_add(buf, LINE_END, 2);
}

void resp_write_null(struct buf *buf, enum resp_protocol protocol)
{
    buf_add_string(buf, protocol == RESP_3 ? "_\r\n" : "$-1\r\n");
}

void resp_write_null_array(struct buf *buf, enum resp_protocol protocol)
{
    buf_add_string(buf, protocol == RESP_3 ? "_\r\n" : "*-1\r\n");
}

void resp_write_array(struct buf *buf, uint32_t count)
{
    write_header(buf, '*', count);
}

void resp_write_map(struct buf *buf, enum resp_protocol protocol, uint32_t count)
{
    if (protocol == RESP_3)
        write_header(buf, '%', count);
    else
        write_header(buf, '*', (uint64_t)count * 2);
}

void resp_write_command(struct buf *buf, const struct text *arguments, uint32_t count)
{
    resp_write_array(buf, count);
    for (uint32_t index = 0; index < count; index++)
        resp_write_bulk(buf, arguments[index]);
}
