#include "cli/portal/typed.h"

#include <getopt.h>

/* ---- what stands where -------------------------------------------------------------------- */

static void typed_read_usage(struct typed *typed)
{
    struct text usage = text_of(typed->act->usage);

    while (typed->count < TYPED_SLOTS_MAX && act_next(&usage, &typed->slots[typed->count]))
        typed->count++;
}

/* getopt's table of a usage: long options by the place of their slot, short ones by their letter. */
struct typed_options {
    struct option longs[TYPED_SLOTS_MAX + 3];
    char names[TYPED_SLOTS_MAX][32];
    char shorts[2 * TYPED_SLOTS_MAX + 1];
};

#define OPTION_OF_SLOT 1000 /* above all letters */

static void typed_make_options(const struct typed *typed, struct typed_options *options)
{
    struct option *next = options->longs;
    char *letter = options->shorts;

    *next++ = (struct option){"json", no_argument, NULL, 'j'};
    *next++ = (struct option){"key", required_argument, NULL, 'k'};
    for (size_t index = 0; index < typed->count; index++) {
        const struct word *word = typed->slots[index].word;
        struct text name = text_skip(word_name(word), 2);

        if (!word_is_option(word))
            continue;
        if (name.size == 0) {
            *letter++ = word->typed[1];
            *letter++ = ':';
            continue;
        }
        snprintf(options->names[index], sizeof(options->names[0]), "%.*s", TEXT_ARGS(name));
        *next++ = (struct option){options->names[index],
                                  word->kind == KIND_FLAG ? no_argument : required_argument, NULL,
                                  OPTION_OF_SLOT + (int)index};
    }
}

/* Of a short option; typed->count where there is none. */
static size_t typed_slot_of(const struct typed *typed, int letter)
{
    size_t index = 0;

    while (index < typed->count && (typed->slots[index].word->typed[0] != '-' ||
                                    typed->slots[index].word->typed[1] != letter))
        index++;
    return index;
}

static enum status typed_read_options(struct typed *typed, int argc, char **argv,
                                      struct error *error)
{
    struct typed_options options = {.shorts = ""};
    int option;

    typed_make_options(typed, &options);
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, options.shorts, options.longs, NULL)) != -1) {
        size_t index = option >= OPTION_OF_SLOT ? (size_t)(option - OPTION_OF_SLOT)
                                                : typed_slot_of(typed, option);

        if (option == 'j')
            typed->is_json = true;
        else if (option == 'k')
            typed->key = optarg;
        else if (index == typed->count)
            return act_misuse(typed->act, error, "%.60s is no option of it, or lacks its value",
                              argv[optind - 1]);
        else {
            typed->options[index] = optarg;
            typed->values[index] = &typed->options[index];
            typed->counts[index] = 1;
        }
    }
    return LICET_OK;
}

static enum status typed_read_positions(struct typed *typed, int argc, char **argv,
                                        struct error *error)
{
    int place = optind;

    for (size_t index = 0; index < typed->count; index++) {
        const struct act_slot *slot = &typed->slots[index];

        if (!word_is_option(slot->word) && place < argc) {
            typed->values[index] = argv + place;
            typed->counts[index] = slot->is_many ? argc - place : 1;
            place += typed->counts[index];
        }
        if (typed->values[index] == NULL && !slot->is_optional)
            return act_misuse(typed->act, error, "%.*s is missing",
                              TEXT_ARGS(text_of(slot->word->typed)));
    }
    return place == argc ? LICET_OK
                         : act_misuse(typed->act, error, "%.60s is one word too many", argv[place]);
}

enum status typed_parse(const struct act *act, int argc, char **argv, struct typed *ret_typed,
                        struct error *error)
{
    enum status status;

    *ret_typed = (struct typed){.act = act};
    typed_read_usage(ret_typed);
    status = typed_read_options(ret_typed, argc, argv, error);
    return status == LICET_OK ? typed_read_positions(ret_typed, argc, argv, error) : status;
}

static const struct act_slot *typed_slot(const struct typed *typed, const char *word,
                                         size_t *ret_index)
{
    for (*ret_index = 0; *ret_index < typed->count; ++*ret_index)
        if (strcmp(typed->slots[*ret_index].word->typed, word) == 0)
            return typed->values[*ret_index] != NULL ? &typed->slots[*ret_index] : NULL;
    return NULL;
}

bool typed_has(const struct typed *typed, const char *word)
{
    size_t index;

    return typed_slot(typed, word, &index) != NULL;
}

const char *typed_text(const struct typed *typed, const char *word)
{
    size_t index;

    return typed_slot(typed, word, &index) != NULL ? typed->values[index][0] : NULL;
}
