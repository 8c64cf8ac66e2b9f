/*
 * The server's reader on any bytes. However they are cut, byte by byte, in sevens or whole, they
 * are the same commands and the same end; what is read stays within its limits, written again it
 * is the same bytes, and its words are arguments of a lease or refused.
 */
#include <assert.h>

#include "resp/checkout.h"
#include "resp/reader.h"
#include "resp/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a stream turned out to be. */
struct outcome {
    enum resp_result result;
    uint64_t commands;
    uint64_t digest;
    size_t size; /* bytes of whole commands */
};

static void outcome_add(struct outcome *outcome, struct text text)
{
    for (size_t index = 0; index < text.size; index++)
        outcome->digest = (outcome->digest ^ (uint8_t)text.data[index]) * 1099511628211u;
    outcome->digest = (outcome->digest ^ (text.size + 256)) * 1099511628211u;
}

static void check_name(struct text name)
{
    assert(name.size == 0 || text_is_name(name));
}

/* Whatever the words are: refused with a sentence, or within the ranges that the seat core relies
 * on. */
static void check_arguments(const struct resp_command *command)
{
    static enum status (*const parsers[])(const struct text *, uint32_t, struct checkout_args *,
                                          struct error *) = {checkout_args_parse, renew_args_parse,
                                                             checkin_args_parse, why_args_parse};

    for (size_t index = 0; index < sizeof(parsers) / sizeof(parsers[0]); index++) {
        struct checkout_args args;
        struct error error = {.text = ""};

        if (parsers[index](command->arguments + 1, command->arguments_count - 1, &args, &error) !=
            LICET_OK) {
            assert(error.status == LICET_INVALID && error.text[0] != '\0');
            continue;
        }
        assert(args.feature.size == 0 || text_is_identifier(args.feature));
        assert(args.vendor.size == 0 || text_is_identifier(args.vendor));
        assert(args.count >= 1 && args.count <= LEASE_COUNT_MAX);
        check_name(args.user);
        check_name(args.host);
        check_name(args.device);
    }
}

static void outcome_command(struct outcome *outcome, struct text bytes,
                            const struct resp_command *command, const struct resp_limits *limits)
{
    static char place[RESP_COMMAND_BYTES_MAX];
    struct buf again = buf_over(place, sizeof(place));

    assert(command->size <= bytes.size && command->size <= limits->command_bytes_max);
    assert(command->arguments_count >= 1 && command->arguments_count <= limits->arguments_max);
    for (uint32_t index = 0; index < command->arguments_count; index++) {
        struct text argument = command->arguments[index];

        assert(argument.size <= limits->argument_bytes_max);
        assert(argument.data >= bytes.data &&
               argument.data + argument.size + 2 <= bytes.data + command->size);
        outcome_add(outcome, argument);
    }
    resp_write_command(&again, command->arguments, command->arguments_count);
    assert(text_equal(buf_text(&again), text_head(bytes, command->size)));
    check_arguments(command);
    outcome->commands++;
    outcome->size += command->size;
}

/* Gives the bytes `step` at a time, as a connection would. */
static struct outcome read_in_steps(struct text bytes, size_t step,
                                    const struct resp_limits *limits)
{
    struct outcome outcome = {.result = RESP_NEED_MORE};
    struct resp_reader reader = {0};
    struct resp_command command;
    struct error error;
    size_t arrived = 0;

    while (outcome.result != RESP_BROKEN) {
        struct text here = text_skip(text_head(bytes, arrived), outcome.size);

        outcome.result = resp_read(&reader, here, limits, &command, &error);
        if (outcome.result == RESP_COMMAND)
            outcome_command(&outcome, here, &command, limits);
        else if (outcome.result == RESP_NEED_MORE && arrived == bytes.size)
            break;
        else if (outcome.result == RESP_NEED_MORE)
            arrived = bytes.size - arrived < step ? bytes.size : arrived + step;
    }
    return outcome;
}

static void check_limits(struct text bytes, const struct resp_limits *limits)
{
    static const size_t steps[] = {1, 7};
    struct outcome whole = read_in_steps(bytes, bytes.size, limits);

    for (size_t index = 0; index < sizeof(steps) / sizeof(steps[0]); index++) {
        struct outcome cut = read_in_steps(bytes, steps[index], limits);

        assert(cut.result == whole.result && cut.commands == whole.commands &&
               cut.digest == whole.digest && cut.size == whole.size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct resp_limits tight = {3, 12, 48};
    struct resp_limits stranger = RESP_LIMITS_STRANGER;

    check_limits(text_make(data, size), &stranger);
    check_limits(text_make(data, size), &tight);
    return 0;
}
