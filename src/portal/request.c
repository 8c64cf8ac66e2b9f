/* Reading a request: path, query, body. Each failure names what it is about. */
#include "base/parse.h"
#include "portal/frame.h"
#include "portal/portal.h"

struct portal *request_portal(const struct request *request)
{
    return request->portal;
}

struct store *request_store(const struct request *request)
{
    return portal_store(request->portal);
}

struct unix_time request_time(const struct request *request)
{
    return request->now;
}

const char *request_id(const struct request *request)
{
    return request->id;
}

bool request_is_repeated(const struct request *request)
{
    return request->is_repeated;
}

struct arena *request_arena(struct request *request)
{
    return &request->arena;
}

/* ---- path and query */

enum status request_path_int(const struct request *request, const char *name, int64_t *ret_value,
                             struct error *error)
{
    struct text text;
    uint64_t value;

    if (!http_path(request->exchange, name, &text) ||
        parse_u64(text, 1, INT64_MAX, &value, NULL) != LICET_OK)
        return error_set(error, LICET_NOT_FOUND, "there is no such %s", name);
    *ret_value = (int64_t)value;
    return LICET_OK;
}

/* Control characters of ASCII and of Latin-1, which a terminal may obey. Line ends and tabs may be
 * let through. The text is UTF-8. */
static bool request_has_control(struct text text, bool may_have_lines)
{
    for (size_t index = 0; index < text.size; index++) {
        unsigned char byte = (unsigned char)text.data[index];

        if (may_have_lines && (byte == '\n' || byte == '\r' || byte == '\t'))
            continue;
        if (byte < 0x20 || byte == 0x7f)
            return true;
        if (byte == 0xc2 && index + 1 < text.size && (unsigned char)text.data[index + 1] < 0xa0)
            return true;
    }
    return false;
}

static bool request_is_plain(struct text text, size_t size_min, size_t size_max)
{
    return text.size >= size_min && text.size <= size_max && text_is_utf8(text) &&
           !request_has_control(text, false);
}

enum status request_path_text(const struct request *request, const char *name, size_t size_max,
                              struct text *ret_value, struct error *error)
{
    struct text text;

    if (!http_path(request->exchange, name, &text) || !request_is_plain(text, 1, size_max))
        return error_set(error, LICET_NOT_FOUND, "there is no such %s", name);
    *ret_value = text;
    return LICET_OK;
}

enum status request_query_int(const struct request *request, const char *name, int64_t min,
                              int64_t max, int64_t *ret_value, struct error *error)
{
    struct text text;
    uint64_t value;

    if (!http_query(request->exchange, name, &text))
        return LICET_OK;
    if (parse_u64(text, (uint64_t)min, (uint64_t)max, &value, NULL) != LICET_OK)
        return error_set(error, LICET_INVALID, "?%s= is a number from %lld to %lld", name,
                         (long long)min, (long long)max);
    *ret_value = (int64_t)value;
    return LICET_OK;
}

enum status request_query_text(const struct request *request, const char *name, size_t size_max,
                               struct text *ret_value, struct error *error)
{
    struct text text;

    if (!http_query(request->exchange, name, &text))
        return LICET_OK;
    if (!request_is_plain(text, 0, size_max))
        return error_set(error, LICET_INVALID, "?%s= is a text of at most %zu bytes", name,
                         size_max);
    *ret_value = text;
    return LICET_OK;
}

/* ---- the body */

const json_t *request_json(const struct request *request)
{
    return request->json;
}

static const json_t *request_member(const struct request *request, const char *name)
{
    return json_object_get(request->json, name);
}

bool request_json_has(const struct request *request, const char *name)
{
    const json_t *member = request_member(request, name);

    return member != NULL && !json_is_null(member);
}

static struct text request_string(const json_t *string)
{
    return text_make(json_string_value(string), json_string_length(string));
}

static enum status request_string_member(const struct request *request, const char *name,
                                         size_t size_min, size_t size_max, bool may_have_lines,
                                         struct text *ret_value, struct error *error)
{
    const json_t *member = request_member(request, name);
    struct text text;

    if (!json_is_string(member))
        return error_set(error, LICET_INVALID, "\"%s\" must be there, as a text", name);
    text = request_string(member);
    if (text.size < size_min || text.size > size_max)
        return error_set(error, LICET_INVALID, "\"%s\" must be a text of %zu to %zu bytes", name,
                         size_min, size_max);
    if (request_has_control(text, may_have_lines))
        return error_set(error, LICET_INVALID, "\"%s\" has a control character", name);
    *ret_value = text;
    return LICET_OK;
}

enum status request_json_text(const struct request *request, const char *name, size_t size_min,
                              size_t size_max, struct text *ret_value, struct error *error)
{
    return request_string_member(request, name, size_min, size_max, false, ret_value, error);
}

enum status request_json_lines(const struct request *request, const char *name, size_t size_max,
                               struct text *ret_value, struct error *error)
{
    return request_string_member(request, name, 1, size_max, true, ret_value, error);
}

enum status request_json_int(const struct request *request, const char *name, int64_t min,
                             int64_t max, int64_t *ret_value, struct error *error)
{
    const json_t *member = request_member(request, name);
    int64_t value = json_integer_value(member);

    if (!json_is_integer(member) || value < min || value > max)
        return error_set(error, LICET_INVALID, "\"%s\" must be a whole number from %lld to %lld",
                         name, (long long)min, (long long)max);
    *ret_value = value;
    return LICET_OK;
}

enum status request_json_bool(const struct request *request, const char *name, bool *ret_value,
                              struct error *error)
{
    const json_t *member = request_member(request, name);

    if (!json_is_boolean(member))
        return error_set(error, LICET_INVALID, "\"%s\" must be true or false", name);
    *ret_value = json_is_true(member);
    return LICET_OK;
}

enum status request_json_date(const struct request *request, const char *name,
                              struct date *ret_value, struct error *error)
{
    const json_t *member = request_member(request, name);

    if (!json_is_string(member) || date_parse(request_string(member), ret_value, NULL) != LICET_OK)
        return error_set(error, LICET_INVALID, "\"%s\" must be a date such as 2027-11-24", name);
    return LICET_OK;
}

enum status request_json_word(const struct request *request, const char *name, const char *words,
                              unsigned int *ret_index, struct error *error)
{
    struct text rest = text_of(words), word;
    const json_t *member = request_member(request, name);
    unsigned int index = 0;

    while (json_is_string(member) && text_split(&rest, ' ', &word)) {
        if (text_equal(word, request_string(member))) {
            *ret_index = index;
            return LICET_OK;
        }
        index++;
    }
    return error_set(error, LICET_INVALID, "\"%s\" must be one of: %s", name, words);
}

static bool request_is_one_of(struct text name, const char *names)
{
    struct text rest = text_of(names), word;

    while (text_split(&rest, ' ', &word)) {
        if (text_equal(word, name))
            return true;
    }
    return false;
}

enum status request_json_only(const struct request *request, const char *names, struct error *error)
{
    const char *name;
    json_t *value;

    json_object_foreach(request->json, name, value)
    {
        if (!request_is_one_of(text_of(name), names))
            return error_set(error, LICET_INVALID,
                             "the body has a member that is not understood; understood are: %s",
                             names);
    }
    return LICET_OK;
}
