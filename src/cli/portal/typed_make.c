/* Words that were typed into the members of a call. */
#include "cli/portal/typed.h"

#include <curl/curl.h>

#include "base/parse.h"
#include "base/time.h"
#include "cli/portal/lookup.h"
#include "cli/prompt.h"

#define TYPED_PATH_BYTES 2048
#define LINE_BYTES_MAX 256

/* ---- values ------------------------------------------------------------------------------- */

enum status seats_word_read(const struct act *act, const char *typed, struct seats_word *ret_word,
                            struct error *error)
{
    const char *equals = strrchr(typed, '=');
    uint32_t seats;

    if (equals == NULL || equals == typed || (size_t)(equals - typed) >= sizeof(ret_word->sn) ||
        parse_u32(text_of(equals + 1), 0, SEATS_MAX, &seats, NULL) != LICET_OK)
        return act_misuse(act, error, "%.40s is not SN=SEATS, as in LA-7K2M9-1=300", typed);
    snprintf(ret_word->sn, sizeof(ret_word->sn), "%.*s", (int)(equals - typed), typed);
    ret_word->seats = seats;
    return LICET_OK;
}

struct making {
    const struct typed *typed;
    struct portal *portal;
    json_int_t organization; /* where numbers are looked up; 0: at one's own customers */
    json_t *members;
};

static enum status value_text(const struct word *word, const char *text, json_t **ret_value,
                              struct error *error)
{
    *ret_value = json_string(text);
    return *ret_value != NULL
               ? LICET_OK
               : error_set(error, LICET_INVALID, "%.*s must be UTF-8", TEXT_ARGS(word_name(word)));
}

static enum status value_integer(const struct word *word, struct text text, uint64_t times,
                                 json_t **ret_value, struct error *error)
{
    uint64_t number;

    if (parse_u64(text, 0, INT64_MAX / 86400, &number, NULL) != LICET_OK)
        return error_set(error, LICET_INVALID, "%.*s must be a number, without sign and blanks%s",
                         TEXT_ARGS(word_name(word)),
                         word->kind == KIND_SECONDS ? ", and s, h or d after it: as in 24h" : "");
    *ret_value = json_integer((json_int_t)number * (json_int_t)times);
    return LICET_OK;
}

static enum status value_seconds(const struct word *word, const char *typed, json_t **ret_value,
                                 struct error *error)
{
    struct text text = text_of(typed);
    char unit = text.size == 0 ? '\0' : text.data[text.size - 1];
    uint64_t times = unit == 'd' ? 86400 : unit == 'h' ? 3600 : 1;

    if (unit != 's' && unit != 'h' && unit != 'd')
        return error_set(error, LICET_INVALID,
                         "%.*s must be a number and s, h or d after it: as in 24h",
                         TEXT_ARGS(word_name(word)));
    return value_integer(word, text_head(text, text.size - 1), times, ret_value, error);
}

static enum status value_date(const struct word *word, const char *typed, json_t **ret_value,
                              struct error *error)
{
    struct date date;

    if (date_parse(text_of(typed), &date, NULL) != LICET_OK)
        return error_set(error, LICET_INVALID, "%.*s must be a day, as in 2027-11-24",
                         TEXT_ARGS(word_name(word)));
    return value_text(word, typed, ret_value, error);
}

static bool line_is_day(const char *day, const char *never)
{
    struct date date;

    return strcmp(day, never) == 0 || date_parse(text_of(day), &date, NULL) == LICET_OK;
}

/* EDITION:SEATS:MAINTENANCE[:EXPIRY] */
static enum status value_line(struct making *making, const char *typed, json_t **ret_line,
                              struct error *error)
{
    char place[LINE_BYTES_MAX + 1], *rest = place;
    const char *parts[4] = {place, "", "", "permanent"};
    uint32_t count = 0, seats;
    json_int_t edition;
    enum status status;

    snprintf(place, sizeof(place), "%s", typed);
    for (char *part; count < 4 && (part = strsep(&rest, ":")) != NULL; count++)
        parts[count] = part;
    if (strlen(typed) > LINE_BYTES_MAX || count < 3 || rest != NULL ||
        parse_u32(text_of(parts[1]), 1, SEATS_MAX, &seats, NULL) != LICET_OK ||
        !line_is_day(parts[2], "none") || !line_is_day(parts[3], "permanent"))
        return act_misuse(making->typed->act, error,
                          "LINE is EDITION:SEATS:MAINTENANCE[:EXPIRY], as in cad_pro:10:2027-11-24 "
                          "or cad_pro:10:none:2027-12-31");
    status = lookup_id(making->portal, KIND_EDITION, parts[0], 0, &edition, error);
    if (status == LICET_OK)
        *ret_line = json_pack("{s:I, s:I, s:s, s:s}", "edition", edition, "seats",
                              (json_int_t)seats, "maintenance", parts[2], "expiry", parts[3]);
    return status;
}

/* SN=SEATS */
static enum status value_seats(struct making *making, const char *typed, json_t **ret_line,
                               struct error *error)
{
    struct seats_word word;
    enum status status = seats_word_read(making->typed->act, typed, &word, error);
    json_int_t entitlement;

    if (status == LICET_OK)
        status = lookup_id(making->portal, KIND_ENTITLEMENT, word.sn, making->organization,
                           &entitlement, error);
    if (status == LICET_OK)
        *ret_line =
            json_pack("{s:I, s:I}", "entitlement", entitlement, "seats", (json_int_t)word.seats);
    return status;
}

static enum status value_lines(struct making *making, enum word_kind kind, char **typed, int count,
                               json_t **ret_value, struct error *error)
{
    json_t *lines = json_array(), *line = NULL;
    enum status status = LICET_OK;

    for (int index = 0; status == LICET_OK && index < count; index++) {
        status = kind == KIND_SEATS ? value_seats(making, typed[index], &line, error)
                                    : value_line(making, typed[index], &line, error);
        if (status == LICET_OK)
            json_array_append_new(lines, line);
    }
    if (status == LICET_OK)
        *ret_value = lines;
    else
        json_decref(lines);
    return status;
}

static enum status value_code(const struct word *word, const char *typed, json_t **ret_value,
                              struct error *error)
{
    char line[PROMPT_BYTES_MAX + 1];
    enum status status = typed != NULL ? LICET_OK : prompt_line("License code", false, line, error);

    return status == LICET_OK ? value_text(word, typed != NULL ? typed : line, ret_value, error)
                              : status;
}

static enum status value_id(struct making *making, const struct word *word, const char *typed,
                            json_t **ret_value, struct error *error)
{
    enum status status;
    json_int_t id;

    if (word->kind == KIND_SERVER && !act_has_place(making->typed->act, word->member))
        return value_text(word, typed, ret_value, error);
    status = typed != NULL
                 ? lookup_id(making->portal, word->kind, typed, making->organization, &id, error)
                 : lookup_own(making->portal, word->kind, &id, error);
    if (status == LICET_OK)
        *ret_value = json_integer(id);
    return status;
}

static enum status value_make(struct making *making, size_t index, json_t **ret_value,
                              struct error *error)
{
    const struct word *word = making->typed->slots[index].word;
    char **values = making->typed->values[index];
    const char *typed = values != NULL ? values[0] : word->otherwise;

    switch ((int)word->kind) {
    case KIND_TEXT:
        return value_text(word, typed, ret_value, error);
    case KIND_INTEGER:
        return value_integer(word, text_of(typed), 1, ret_value, error);
    case KIND_SECONDS:
        return value_seconds(word, typed, ret_value, error);
    case KIND_DATE:
        return value_date(word, typed, ret_value, error);
    case KIND_FLAG:
        *ret_value = json_true();
        return LICET_OK;
    case KIND_CODE:
        return value_code(word, typed, ret_value, error);
    case KIND_LINES:
    case KIND_SEATS:
        return value_lines(making, word->kind, values, making->typed->counts[index], ret_value,
                           error);
    default:
        return value_id(making, word, typed, ret_value, error);
    }
}

/* What is not typed is left out, but for defaults, codes, and one's own organisation. */
static bool value_is_wanted(const struct making *making, size_t index)
{
    const struct act *act = making->typed->act;
    const struct word *word = making->typed->slots[index].word;

    return making->typed->values[index] != NULL || word->otherwise != NULL ||
           word->kind == KIND_CODE || word->kind == KIND_PARTNER ||
           (word->kind == KIND_CUSTOMER && act_has_place(act, word->member));
}

/* The organisation first: the others are looked up there. */
static enum status making_read(struct making *making, bool is_organization, struct error *error)
{
    enum status status = LICET_OK;

    for (size_t index = 0; status == LICET_OK && index < making->typed->count; index++) {
        const char *member = making->typed->slots[index].word->member;
        json_t *value;

        if ((strcmp(member, "organization") == 0) != is_organization ||
            !value_is_wanted(making, index))
            continue;
        status = value_make(making, index, &value, error);
        if (status != LICET_OK)
            break;
        if (is_organization)
            making->organization = json_integer_value(value);
        json_object_set_new(making->members, member, value);
    }
    return status;
}

/* ---- the call ----------------------------------------------------------------------------- */

/* The path's places; what fills one is no member any more. */
static void making_path(struct making *making, struct buf *path)
{
    struct text rest = text_of(making->typed->act->path), part;

    while (text_split(&rest, '{', &part)) {
        char member[32];
        size_t end = text_find(rest, '}');

        buf_add_text(path, part);
        if (rest.data == NULL)
            break;
        snprintf(member, sizeof(member), "%.*s", TEXT_ARGS(text_head(rest, end)));
        buf_add_u64(path, (uint64_t)json_integer_value(json_object_get(making->members, member)));
        json_object_del(making->members, member);
        rest = text_skip(rest, end + 1);
    }
    json_object_del(making->members, "organization"); /* said where to look */
}

static void making_query(struct making *making, struct buf *path)
{
    char between = '?';

    for (void *member = json_object_iter(making->members); member != NULL;
         member = json_object_iter_next(making->members, member)) {
        const json_t *value = json_object_iter_value(member);
        char *text =
            json_is_string(value) ? curl_easy_escape(NULL, json_string_value(value), 0) : NULL;

        buf_printf(path, "%c%s=", between, json_object_iter_key(member));
        if (json_is_string(value))
            buf_add_string(path, text == NULL ? "" : text);
        else
            buf_add_u64(path, (uint64_t)json_integer_value(value));
        curl_free(text);
        between = '&';
    }
}

/* An act with words for a body has one, even where none of them is typed. */
static bool typed_has_body(const struct typed *typed)
{
    for (size_t index = 0; index < typed->count; index++) {
        const char *member = typed->slots[index].word->member;

        if (!act_has_place(typed->act, member) && strcmp(member, "organization") != 0)
            return strcmp(typed->act->method, "GET") != 0;
    }
    return false;
}

enum status typed_make(const struct typed *typed, struct portal *portal,
                       struct typed_call *ret_call, struct error *error)
{
    struct making making = {.typed = typed, .portal = portal, .members = json_object()};
    char place[TYPED_PATH_BYTES];
    struct buf path = buf_over(place, sizeof(place));
    bool has_body = typed_has_body(typed);
    enum status status = making_read(&making, true, error);

    if (status == LICET_OK)
        status = making_read(&making, false, error);
    if (status == LICET_OK) {
        making_path(&making, &path);
        if (!has_body)
            making_query(&making, &path);
        if (path.is_full)
            status = error_set(error, LICET_INVALID, "a text that was typed is too long");
    }
    if (status == LICET_OK)
        *ret_call = (struct typed_call){strndup(place, path.size),
                                        has_body ? json_incref(making.members) : NULL};
    json_decref(making.members);
    return status;
}

void typed_call_finish(struct typed_call *call)
{
    free(call->path);
    json_decref(call->body);
}
