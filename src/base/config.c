/* Configuration files, line by line through inih. */
#include "base/config.h"

#include <assert.h>
#include <getopt.h>
#include <ini.h>

#include "base/file.h"

struct config_reader {
    config_line_fn *line_fn;
    void *context;
    struct error found;
    enum status status;
    struct text rest; /* of the file */
    int line;
};

enum status config_copy(char *place, size_t size, struct text value, const char *what,
                        struct error *error)
{
    if (value.size == 0 || value.size >= size)
        return error_set(error, LICET_INVALID, "%s must have between 1 and %zu bytes", what,
                         size - 1);
    memcpy(place, value.data, value.size);
    place[value.size] = '\0';
    return LICET_OK;
}

/* inih's source of lines. inih goes on after a line that is refused, so the file ends there. */
static char *config_next_line(char *place, int place_size, void *context)
{
    struct config_reader *reader = context;
    size_t size = text_find(reader->rest, '\n') + 1;

    if (reader->status != LICET_OK || reader->rest.size == 0)
        return NULL;
    if (size > reader->rest.size)
        size = reader->rest.size;
    if (size > (size_t)place_size - 1)
        size = (size_t)place_size - 1;
    memcpy(place, reader->rest.data, size);
    place[size] = '\0';
    reader->rest = text_skip(reader->rest, size);
    reader->line++;
    return place;
}

/* inih's callback: 1 goes on, 0 refuses the line. */
static int config_line(void *context, const char *section, const char *key, const char *value)
{
    struct config_reader *reader = context;

    reader->status = reader->line_fn(reader->context, text_of(section), text_of(key),
                                     text_of(value), &reader->found);
    return reader->status == LICET_OK;
}

enum status config_read(const char *path, config_line_fn *line_fn, void *context,
                        struct error *error)
{
    struct config_reader reader = {.line_fn = line_fn, .context = context};
    struct text file;
    enum status status = file_read(path, CONFIG_FILE_BYTES_MAX, &file, error);
    int line;

    if (status != LICET_OK)
        return status;
    reader.rest = file;
    line = ini_parse_stream(config_next_line, &reader, config_line, &reader);
    file_free(file);
    if (line == 0)
        return LICET_OK;
    if (line < 0)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to read %s", path);
    if (reader.status == LICET_OK || line != reader.line)
        return error_set(error, LICET_INVALID, "%s, line %d: neither a section nor key = value",
                         path, line);
    return error_set(error, reader.status, "%s, line %d: %s", path, line, reader.found.text);
}

/* ---- the command line */

enum config_flag {
    FLAG_CONFIG = 1,
    FLAG_CHECK,
    FLAG_VERSION,
    FLAG_HELP,
    FLAG_KEY_VALUE
};

static const struct option common_flags[] = {
    {"config", required_argument, NULL, FLAG_CONFIG},
    {"check", no_argument, NULL, FLAG_CHECK},
    {"version", no_argument, NULL, FLAG_VERSION},
    {"help", no_argument, NULL, FLAG_HELP},
};
#define COMMON_FLAGS_COUNT (sizeof(common_flags) / sizeof(common_flags[0]))

static void flags_fill(const char *const *keys, struct option *flags)
{
    size_t count = COMMON_FLAGS_COUNT;

    memcpy(flags, common_flags, sizeof(common_flags));
    for (; *keys != NULL; keys++) {
        assert(count < COMMON_FLAGS_COUNT + CONFIG_KEYS_MAX);
        flags[count++] = (struct option){*keys, required_argument, NULL, FLAG_KEY_VALUE};
    }
    flags[count] = (struct option){NULL, 0, NULL, 0};
}

static enum status flag_apply(const struct config_arguments *arguments, int flag, const char *key,
                              bool *ret_is_check, struct error *error)
{
    switch (flag) {
    case FLAG_CONFIG:
        return config_read(optarg, arguments->line, arguments->context, error);
    case FLAG_CHECK:
        *ret_is_check = true;
        return LICET_OK;
    case FLAG_VERSION:
        puts(arguments->version);
        exit(0);
    case FLAG_HELP:
        fputs(arguments->usage, stdout);
        exit(0);
    case FLAG_KEY_VALUE:
        return arguments->set(arguments->context, text_of(key), text_of(optarg), error);
    default:
        fputs(arguments->usage, stderr);
        return error_set(error, LICET_INVALID, "the command line is not understood");
    }
}

enum status config_read_arguments(int argc, char **argv, const struct config_arguments *arguments,
                                  bool *ret_is_check, struct error *error)
{
    struct option flags[COMMON_FLAGS_COUNT + CONFIG_KEYS_MAX + 1];
    enum status status = LICET_OK;
    int flag, index = 0;

    flags_fill(arguments->keys, flags);
    while (status == LICET_OK && (flag = getopt_long(argc, argv, "", flags, &index)) != -1)
        status = flag_apply(arguments, flag, flags[index].name, ret_is_check, error);
    if (status != LICET_OK || optind == argc)
        return status;
    return error_set(
        error, LICET_INVALID,
        "\"%.80s\" is not understood: an act comes first and is %s, and all else is an "
        "option",
        argv[optind], arguments->acts);
}
