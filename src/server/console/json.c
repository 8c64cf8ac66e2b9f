/* What the acts say in JSON: texts, hashes, times, the same everywhere. */
#include "server/console/console.h"

void console_answer_json(struct http_exchange *exchange, json_t *json)
{
    char *text = json == NULL ? NULL : json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);

    json_decref(json);
    if (text == NULL)
        http_answer_error(exchange, LICET_NO_MEMORY, NULL);
    else
        http_answer(exchange, 200, "application/json", text_of(text));
    free(text);
}

json_t *console_json_text(struct text text)
{
    return json_stringn(text.data, text.size);
}

json_t *console_json_hash(const struct hash *hash)
{
    char place[HASH_TEXT_BYTES];
    struct buf buf = buf_over(place, sizeof(place));

    hash_print(hash, &buf);
    return console_json_text(buf_text(&buf));
}

json_t *console_json_time(int64_t seconds)
{
    char place[32];
    struct buf buf = buf_over(place, sizeof(place));

    if (seconds == 0)
        return json_null();
    unix_time_print((struct unix_time){seconds}, &buf);
    return console_json_text(buf_text(&buf));
}

enum status console_field(const json_t *object, const char *key, char *place, size_t size,
                          struct error *error)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_string(value) || json_string_length(value) == 0 ||
        json_string_length(value) >= size ||
        memchr(json_string_value(value), '\0', json_string_length(value)) != NULL)
        return error_set(error, LICET_INVALID, "\"%s\" must be a text of 1 to %zu bytes", key,
                         size - 1);
    snprintf(place, size, "%s", json_string_value(value));
    return LICET_OK;
}
