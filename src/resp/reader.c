/* The server's reader: one walk over the bytes at hand, headers of at most 13 bytes. */
#include "resp/reader.h"

#include <assert.h>

/* The largest limit has five digits; ten are read, so that what is too large is called so. */
#define HEADER_DIGITS_MAX 10

static enum resp_result reader_fail_byte(char lead, unsigned char byte, struct error *error)
{
    if (lead == '*')
        error_set(error, LICET_PROTOCOL,
                  "a command begins with '*' and the number of its arguments, not with byte 0x%02x;"
                  " inline commands are not served",
                  byte);
    else
        error_set(error, LICET_PROTOCOL,
                  "an argument begins with '$' and its size in bytes, not with byte 0x%02x", byte);
    return RESP_BROKEN;
}

static enum resp_result reader_fail_number(char lead, struct error *error)
{
    error_set(error, LICET_PROTOCOL,
              "after '%c' a number of digits without leading zero is wanted, then CR and LF", lead);
    return RESP_BROKEN;
}

static enum resp_result reader_fail_size(const char *what, uint64_t max, struct error *error)
{
    error_set(error, LICET_TOO_LARGE, "%s; %llu are accepted here", what, (unsigned long long)max);
    return RESP_BROKEN;
}

static enum resp_result reader_fail_end(uint64_t size, struct error *error)
{
    error_set(error, LICET_PROTOCOL, "an argument does not end with CR and LF after its %llu bytes",
              (unsigned long long)size);
    return RESP_BROKEN;
}

/* `lead`, digits, CR, LF at `*at`, which moves behind them only when they are whole. */
static inline enum resp_result reader_header(struct text bytes, char lead, uint32_t *at,
                                             uint64_t *ret_value, struct error *error)
{
    const char *start = bytes.data + *at;
    const char *end = bytes.data + bytes.size;
    const char *byte = start;
    uint64_t value = 0;

    if (byte == end)
        return RESP_NEED_MORE;
    if (*byte != lead)
        return reader_fail_byte(lead, (unsigned char)*byte, error);
    for (byte++; byte != end && *byte >= '0' && *byte <= '9'; byte++) {
        if (byte - start > HEADER_DIGITS_MAX)
            return reader_fail_size("a number has too many digits", HEADER_DIGITS_MAX, error);
        value = value * 10 + (uint64_t)(*byte - '0');
    }
    if (byte - start > 2 && start[1] == '0')
        return reader_fail_number(lead, error);
    if (byte == end)
        return RESP_NEED_MORE;
    if (*byte != '\r' || byte - start == 1)
        return reader_fail_number(lead, error);
    if (++byte == end)
        return RESP_NEED_MORE;
    if (*byte != '\n')
        return reader_fail_number(lead, error);
    *at = (uint32_t)(byte + 1 - bytes.data);
    *ret_value = value;
    return RESP_COMMAND;
}

static enum resp_result reader_count(struct resp_reader *reader, struct text bytes,
                                     const struct resp_limits *limits, struct error *error)
{
    uint64_t count;
    enum resp_result result = reader_header(bytes, '*', &reader->at, &count, error);

    if (result != RESP_COMMAND)
        return result;
    if (count > limits->arguments_max)
        return reader_fail_size("the command has too many arguments", limits->arguments_max, error);
    if (count == 0) {
        error_set(error, LICET_PROTOCOL, "a command has at least its name, so '*0' is none");
        return RESP_BROKEN;
    }
    reader->arguments_count = reader->arguments_left = (uint32_t)count;
    return RESP_COMMAND;
}

static inline enum resp_result reader_argument(struct resp_reader *reader, struct text bytes,
                                               const struct resp_limits *limits,
                                               struct text *ret_argument, struct error *error)
{
    uint32_t at = reader->at; /* stays at the header until the argument is whole */
    uint64_t size;
    enum resp_result result = reader_header(bytes, '$', &at, &size, error);

    if (result != RESP_COMMAND)
        return result;
    if (size > limits->argument_bytes_max)
        return reader_fail_size("an argument has too many bytes", limits->argument_bytes_max,
                                error);
    if (at + size + 2 > limits->command_bytes_max)
        return reader_fail_size("the command has too many bytes", limits->command_bytes_max, error);
    if (bytes.size - at > size && bytes.data[at + size] != '\r')
        return reader_fail_end(size, error);
    if (bytes.size - at < size + 2)
        return RESP_NEED_MORE;
    if (bytes.data[at + size + 1] != '\n')
        return reader_fail_end(size, error);
    *ret_argument = text_make(bytes.data + at, size);
    reader->at = at + (uint32_t)size + 2;
    reader->arguments_left--;
    return RESP_COMMAND;
}

static enum resp_result reader_advance(struct resp_reader *reader, struct text bytes,
                                       const struct resp_limits *limits,
                                       struct resp_command *command, struct error *error)
{
    enum resp_result result;

    if (reader->arguments_count == 0) {
        result = reader_count(reader, bytes, limits, error);
        if (result != RESP_COMMAND)
            return result;
    }
    while (reader->arguments_left > 0) {
        uint32_t index = reader->arguments_count - reader->arguments_left;

        result = reader_argument(reader, bytes, limits, &command->arguments[index], error);
        if (result != RESP_COMMAND)
            return result;
    }
    command->arguments_count = reader->arguments_count;
    command->size = reader->at;
    return RESP_COMMAND;
}

enum resp_result resp_read(struct resp_reader *reader, struct text bytes,
                           const struct resp_limits *limits, struct resp_command *ret_command,
                           struct error *error)
{
    bool is_resumed = reader->at > 0;
    enum resp_result result;

    assert(limits->arguments_max <= RESP_ARGUMENTS_MAX &&
           limits->command_bytes_max <= RESP_COMMAND_BYTES_MAX);
    assert(reader->at <= bytes.size);
    if (reader->is_broken) {
        error_set(error, LICET_PROTOCOL, "this connection has broken the protocol before");
        return RESP_BROKEN;
    }
    result = reader_advance(reader, bytes, limits, ret_command, error);
    if (result == RESP_COMMAND && is_resumed) {
        /* The first arguments were seen in an earlier call, perhaps at another address. */
        *reader = (struct resp_reader){0};
        result = reader_advance(reader, bytes, limits, ret_command, error);
    }
    if (result == RESP_COMMAND)
        *reader = (struct resp_reader){0};
    reader->is_broken = result == RESP_BROKEN;
    return result;
}
