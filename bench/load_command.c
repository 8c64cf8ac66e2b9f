/* Commands with holes: made from words, written by copying and patching. */
#include "load_command.h"

#include <assert.h>

#include "base/text.h"

static const char hole_letters[] = "infvw";
static const uint32_t hole_digits[] = {32, 32, 5, 2, 5};

static void load_command_add(struct load_command *command, const char *bytes, size_t size)
{
    assert(command->size + size <= sizeof(command->data));
    memcpy(command->data + command->size, bytes, size);
    command->size += (uint32_t)size;
}

static void load_command_add_hole(struct load_command *command, char letter)
{
    const char *found = strchr(hole_letters, letter);

    assert(found != NULL && command->holes_count < LOAD_COMMAND_HOLES_MAX);
    command->holes[command->holes_count++] = (struct load_hole){letter, command->size};
    for (uint32_t digit = 0; digit < hole_digits[found - hole_letters]; digit++)
        load_command_add(command, "0", 1);
}

/* The size that stands before an argument: a hole is named by three bytes. */
static size_t argument_size(struct text word)
{
    size_t size = word.size;

    for (size_t at = 0; at < word.size; at++) {
        if (word.data[at] == '{')
            size = size + hole_digits[strchr(hole_letters, word.data[at + 1]) - hole_letters] - 3;
    }
    return size;
}

static void load_command_add_argument(struct load_command *command, struct text word)
{
    char header[32];
    int size = snprintf(header, sizeof(header), "$%zu\r\n", argument_size(word));

    load_command_add(command, header, (size_t)size);
    for (size_t at = 0; at < word.size; at++) {
        if (word.data[at] == '{') {
            load_command_add_hole(command, word.data[at + 1]);
            at += 2;
        } else {
            load_command_add(command, word.data + at, 1);
        }
    }
    load_command_add(command, "\r\n", 2);
}

void load_command_make(struct load_command *command, const char *words)
{
    struct text rest = text_of(words), word;
    char header[32];
    int count = 1, size;

    *command = (struct load_command){.size = 0};
    for (const char *at = words; *at != '\0'; at++)
        count += *at == ' ';
    size = snprintf(header, sizeof(header), "*%d\r\n", count);
    load_command_add(command, header, (size_t)size);
    while (text_split(&rest, ' ', &word))
        load_command_add_argument(command, word);
}

static void put_hex(char *at, const uint64_t numbers[2])
{
    static const char digits[] = "0123456789abcdef";

    for (int index = 0; index < 16; index++) {
        at[index] = digits[numbers[0] >> (60 - 4 * index) & 15];
        at[index + 16] = digits[numbers[1] >> (60 - 4 * index) & 15];
    }
}

static void put_decimal(char *at, uint32_t digits, uint64_t value)
{
    for (; digits > 0; digits--, value /= 10)
        at[digits - 1] = (char)('0' + value % 10);
}

void load_command_write(const struct load_command *command, const struct load_values *values,
                        char *at)
{
    memcpy(at, command->data, command->size);
    for (uint32_t index = 0; index < command->holes_count; index++) {
        const struct load_hole *hole = &command->holes[index];

        switch (hole->letter) {
        case 'i':
            put_hex(at + hole->at, values->id);
            break;
        case 'n':
            put_hex(at + hole->at, values->nonce);
            break;
        case 'f':
            put_decimal(at + hole->at, 5, values->feature);
            break;
        case 'v':
            put_decimal(at + hole->at, 2, values->vendor);
            break;
        default:
            put_decimal(at + hole->at, 5, values->who);
            break;
        }
    }
}
