#include "cli/portal/act.h"

#include <assert.h>

static const struct act acts[] = {
#define ACT(operation, method, path, name, usage, form, shows, summary)                            \
    {#operation, method, path, name, usage, FORM_##form, shows, summary, act_run},
#define ACT_BY(operation, method, path, name, usage, run, summary)                                 \
    {#operation, method, path, name, usage, FORM_OWN, "", summary, run},
#define ACT_WITHIN(operation, method, path, name)                                                  \
    {#operation, method, path, name, "", FORM_WITHIN, "", "", NULL},
#include "cli/portal/acts.def"
#undef ACT
#undef ACT_BY
#undef ACT_WITHIN
};

static const struct word words[] = {
#define WORD(typed, member, kind, otherwise) {typed, member, kind, otherwise},
#include "cli/portal/words.def"
#undef WORD
};

#define ACTS_COUNT (sizeof(acts) / sizeof(acts[0]))
#define WORDS_COUNT (sizeof(words) / sizeof(words[0]))

/* ---- the rows ----------------------------------------------------------------------------- */

static struct text act_noun(const struct act *act)
{
    struct text name = text_of(act->name);

    return text_head(name, text_find(name, ' '));
}

const struct act *act_find(int argc, char **argv, int *ret_words)
{
    for (size_t index = 0; index < ACTS_COUNT; index++) {
        struct text noun = act_noun(&acts[index]);
        struct text verb = text_skip(text_of(acts[index].name), noun.size + 1);

        if (acts[index].form == FORM_WITHIN || argc < 2 || !text_is(noun, argv[1]))
            continue;
        if (verb.size > 0 && (argc < 3 || !text_is(verb, argv[2])))
            continue;
        *ret_words = verb.size > 0 ? 2 : 1;
        return &acts[index];
    }
    return NULL;
}

const struct act *act_of(const char *operation)
{
    for (size_t index = 0; index < ACTS_COUNT; index++)
        if (strcmp(acts[index].operation, operation) == 0)
            return &acts[index];
    assert(false);
    return NULL;
}

bool act_has_place(const struct act *act, const char *member)
{
    char place[64];

    snprintf(place, sizeof(place), "{%s}", member);
    return strstr(act->path, place) != NULL;
}

/* ---- a usage ------------------------------------------------------------------------------ */

struct text word_name(const struct word *word)
{
    struct text typed = text_of(word->typed);

    return text_head(typed, text_find(typed, ' '));
}

bool word_is_option(const struct word *word)
{
    return word->typed[0] == '-';
}

static const struct word *word_find(struct text typed)
{
    for (size_t index = 0; index < WORDS_COUNT; index++)
        if (text_is(typed, words[index].typed))
            return &words[index];
    return NULL;
}

/* An option's word is the longer one where it takes something: "--po NUMBER". */
static const struct word *word_take(struct text *rest)
{
    size_t first = text_find(*rest, ' ');
    size_t second = first + 1 + text_find(text_skip(*rest, first + 1), ' ');
    const struct word *word = NULL;

    if (rest->data[0] == '-' && first < rest->size)
        word = word_find(text_head(*rest, second));
    *rest = text_skip(*rest, word != NULL ? second : first);
    if (word == NULL)
        word = word_find(text_make(rest->data - first, first));
    assert(word != NULL);
    return word;
}

bool act_next(struct text *usage, struct act_slot *ret_slot)
{
    struct text inner;
    size_t end;

    if (text_starts_with(*usage, " "))
        *usage = text_skip(*usage, 1);
    if (usage->size == 0)
        return false;
    *ret_slot = (struct act_slot){.is_optional = text_starts_with(*usage, "[")};
    if (ret_slot->is_optional) {
        end = text_find(*usage, ']');
        inner = text_skip(text_head(*usage, end), 1);
        ret_slot->word = word_take(&inner);
        *usage = text_skip(*usage, end + 1);
    } else {
        ret_slot->word = word_take(usage);
    }
    ret_slot->is_many = text_starts_with(*usage, " ...");
    if (ret_slot->is_many)
        *usage = text_skip(*usage, 4);
    return true;
}

/* ---- help --------------------------------------------------------------------------------- */

bool act_begins(const char *name, struct text start)
{
    struct text whole = text_of(name), rest = text_skip(whole, start.size);

    return start.size > 0 && text_equal(text_head(whole, start.size), start) &&
           (rest.size == 0 || rest.data[0] == ' ');
}

bool act_help(FILE *to, struct text start)
{
    bool is_known = false;

    for (size_t index = 0; index < ACTS_COUNT; index++) {
        const struct act *act = &acts[index];

        if (act->form == FORM_WITHIN ||
            (!text_is(start, "portal") && !act_begins(act->name, start)))
            continue;
        fprintf(to, "  licet %s%s%s\n      %s\n", act->name, act->usage[0] == '\0' ? "" : " ",
                act->usage, act->summary);
        is_known = true;
    }
    return is_known;
}

void act_help_names(FILE *to)
{
    struct text before = {"", 0};

    for (size_t index = 0; index < ACTS_COUNT; index++) {
        struct text noun = act_noun(&acts[index]);
        struct text verb = text_skip(text_of(acts[index].name), noun.size + 1);

        if (acts[index].form == FORM_WITHIN)
            continue;
        if (text_equal(noun, before) && verb.size > 0)
            fprintf(to, "|%.*s", TEXT_ARGS(verb));
        else
            fprintf(to, "%s  licet %.*s%s%.*s", before.size > 0 ? "\n" : "", TEXT_ARGS(noun),
                    verb.size > 0 ? " " : "", TEXT_ARGS(verb));
        before = noun;
    }
    fputc('\n', to);
}

static void act_print_members(FILE *to, const struct act *act)
{
    struct text usage = text_of(act->form == FORM_OWN ? "" : act->usage);
    const char *between = "";
    struct act_slot slot;

    while (act_next(&usage, &slot)) {
        fprintf(to, "%s%s", between, slot.word->member);
        between = ",";
    }
    if (between[0] == '\0')
        fputc('-', to);
}

void act_print_operations(FILE *to)
{
    for (size_t index = 0; index < ACTS_COUNT; index++) {
        const struct act *act = &acts[index];

        fprintf(to, "%s %s %s ", act->operation, act->method, act->path);
        act_print_members(to, act);
        fprintf(to, " %s\n", act->name);
    }
}

enum status act_misuse(const struct act *act, struct error *error, const char *format, ...)
{
    char what[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    text_make_printable(what, strlen(what));
    return error_set(error, LICET_INVALID, "%s; usage: licet %s %s", what, act->name, act->usage);
}
