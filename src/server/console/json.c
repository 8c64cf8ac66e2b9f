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
