/* Filling an answer. */
#include "portal/frame.h"

static enum status reply_set(struct reply *reply, int http_status, const char *content_type,
                             struct text body)
{
    reply->http = http_status;
    reply->content_type = content_type;
    reply->body = body;
    return LICET_OK;
}

enum status reply_json(struct reply *reply, json_t *json, struct error *error)
{
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);

    json_decref(json);
    if (text == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the answer");
    reply->owned = text;
    return reply_set(reply, 200, "application/json", text_of(text));
}

enum status reply_created(struct reply *reply, const char *path, int64_t id, json_t *json,
                          struct error *error)
{
    char location[128];
    enum status status = reply_json(reply, json, error);

    if (status != LICET_OK)
        return status;
    snprintf(location, sizeof(location), "%s/%lld", path, (long long)id);
    reply->http = 201;
    return reply_header(reply, "Location", location, error);
}

enum status reply_empty(struct reply *reply)
{
    return reply_set(reply, 204, "application/json", TEXT(""));
}

static bool reply_is_file_name(struct text name)
{
    for (size_t index = 0; index < name.size; index++) {
        char byte = name.data[index];

        if (!(byte >= '0' && byte <= '9') && !(byte >= 'a' && byte <= 'z') &&
            !(byte >= 'A' && byte <= 'Z') && strchr("._-", byte) == NULL)
            return false;
    }
    return name.size > 0 && name.size <= 128 && name.data[0] != '.';
}

enum status reply_file(struct reply *reply, const char *file_name, struct text text,
                       struct error *error)
{
    char disposition[192];
    struct text body = arena_copy(reply->arena, text);
    enum status status;

    if (!reply_is_file_name(text_of(file_name)))
        return error_set(error, LICET_INVALID, "\"%.80s\" is no name for a file", file_name);
    if (body.data == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the file");
    snprintf(disposition, sizeof(disposition), "attachment; filename=\"%s\"", file_name);
    status = reply_header(reply, "Content-Disposition", disposition, error);
    return status == LICET_OK ? reply_set(reply, 200, "text/plain; charset=utf-8", body) : status;
}

void reply_retry_after(struct reply *reply, uint32_t seconds)
{
    char number[16];

    snprintf(number, sizeof(number), "%u", seconds);
    reply_header(reply, "Retry-After", number, NULL);
}

/* Security: a byte that ends a line would begin another header. */
static bool reply_is_printable(struct text value)
{
    for (size_t index = 0; index < value.size; index++) {
        if ((unsigned char)value.data[index] < 0x20 || (unsigned char)value.data[index] > 0x7e)
            return false;
    }
    return true;
}

enum status reply_header(struct reply *reply, const char *name, const char *value,
                         struct error *error)
{
    struct text name_copy = arena_copy(reply->arena, text_make(name, strlen(name) + 1));
    struct text value_copy = arena_copy(reply->arena, text_make(value, strlen(value) + 1));

    if (!reply_is_printable(text_of(value)))
        return error_set(error, LICET_INVALID, "the header %s would not be printable", name);
    if (name_copy.data == NULL || value_copy.data == NULL ||
        reply->headers_count == REPLY_HEADERS_MAX - 1) /* the last is the frame's */
        return error_set(error, LICET_NO_MEMORY, "no room is left for the header %s", name);
    reply->headers[reply->headers_count++] = (struct http_header){name_copy.data, value_copy.data};
    return LICET_OK;
}

/* ---- pieces of JSON */

json_t *json_of_text(struct text text)
{
    return text.data == NULL ? json_null() : json_stringn(text.data, text.size);
}

json_t *json_of_time(struct unix_time time)
{
    char place[32];
    struct buf buf = buf_over(place, sizeof(place));

    if (time.s == 0)
        return json_null();
    unix_time_print(time, &buf);
    return json_of_text(buf_text(&buf));
}

json_t *json_of_date(struct date date)
{
    char place[16];
    struct buf buf = buf_over(place, sizeof(place));

    if (date.days == 0)
        return json_null();
    date_print(date, &buf);
    return json_of_text(buf_text(&buf));
}

json_t *json_page(json_t *items, int64_t next)
{
    return json_pack("{s:o, s:o}", "items", items, "next",
                     next == 0 ? json_null() : json_integer(next));
}
