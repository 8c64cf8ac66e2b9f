#include "portal/server/view.h"

#include "license/key.h"
#include "portal/reply.h"
#include "store/store.h"

static json_t *server_key_json(struct text line)
{
    char place[HASH_TEXT_BYTES];
    struct buf buf = buf_over(place, sizeof(place));
    struct public_key key;
    struct hash hash;

    if (line.data == NULL || public_key_parse(line, &key, NULL, NULL) != LICET_OK)
        return json_null();
    hash = public_key_hash(&key);
    hash_print(&hash, &buf);
    return json_of_text(buf_text(&buf));
}

json_t *server_json(const void *row)
{
    const struct server *server = row;

    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:I, s:o}", "id", (json_int_t)server->id,
                     "organization", (json_int_t)server->customer_id, "number",
                     json_of_text(server->number), "name", json_of_text(server->name), "key",
                     server_key_json(server->public_key), "generation",
                     (json_int_t)server->generation, "created", json_of_time(server->created));
}

struct server_found {
    struct arena *arena;
    int64_t id;
    struct server server;
};

static enum status server_find(struct db_transaction *transaction, void *context,
                               struct error *error)
{
    struct server_found *found = context;

    return store_server_get(transaction, found->id, found->arena, &found->server, error);
}

enum status server_get(struct request *request, unsigned int roles, struct server *ret_server,
                       struct error *error)
{
    struct server_found found = {.arena = request_arena(request)};
    enum status status = request_path_int(request, "server", &found.id, error);

    if (status == LICET_OK)
        status = store_read(request_store(request), server_find, &found, error);
    if (status == LICET_OK)
        status =
            request_require(request, roles, found.server.customer_id, "such license server", error);
    if (status == LICET_OK)
        *ret_server = found.server;
    return status;
}
