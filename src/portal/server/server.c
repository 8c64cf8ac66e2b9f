#include "portal/server/server.h"

#include "base/limits.h"
#include "license/license.h"
#include "portal/number.h"
#include "store/organization.h"

#define KEY_LINE_BYTES 128
/* Servers of one customer that one name may mean: whoever has more says a number. */
#define SERVERS_ALIKE_MAX 64u

void server_short_name(struct text name, struct buf *buf)
{
    struct text label = text_head(name, text_find(name, '.'));

    for (size_t i = 0; i < label.size; i++) {
        char byte = label.data[i] == '_' ? '-' : label.data[i];

        buf_add_byte(buf, byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte);
    }
}

struct text server_key_line(const struct public_key *key, struct arena *arena)
{
    char place[KEY_LINE_BYTES];
    struct buf line = buf_over(place, sizeof(place));

    public_key_print(key, TEXT(""), &line);
    while (line.size > 0 && (place[line.size - 1] == '\n' || place[line.size - 1] == ' '))
        line.size--;
    return arena_copy(arena, buf_text(&line));
}

static bool server_is_called(const struct server *server, struct text name)
{
    return host_name_equal(server->name, name);
}

static bool server_is_reserved(const struct server *server, struct text name)
{
    return server->public_key.data == NULL && host_name_equal(server->name, name);
}

typedef bool is_meant_fn(const struct server *server, struct text name);

static enum status servers_find(struct db_transaction *transaction, int64_t customer_id,
                                struct text name, is_meant_fn *is_meant, struct arena *arena,
                                struct server **ret_servers, uint32_t *ret_count,
                                struct error *error)
{
    char place[NAME_MAX_BYTES];
    struct buf short_name = buf_over(place, sizeof(place));

    *ret_servers = arena_rows(arena, SERVERS_ALIKE_MAX, sizeof(**ret_servers));
    if (*ret_servers == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for license servers");
    server_short_name(name, &short_name);
    return store_server_list_short(transaction, customer_id, buf_text(&short_name), name, is_meant,
                                   SERVERS_ALIKE_MAX, arena, *ret_servers, ret_count, error);
}

/* Order: whoever may make one locks the customer and looks again, so that two who come in parallel
 * with a new name do not make two. */
static enum status servers_meant(struct db_transaction *transaction, int64_t customer_id,
                                 struct text name, is_meant_fn *is_meant, struct arena *arena,
                                 struct server **ret_servers, uint32_t *ret_count,
                                 struct error *error)
{
    enum status status = servers_find(transaction, customer_id, name, is_meant, arena, ret_servers,
                                      ret_count, error);

    if (status != LICET_OK || *ret_count > 0)
        return status;
    status = store_organization_lock(transaction, customer_id, error);
    return status == LICET_OK ? servers_find(transaction, customer_id, name, is_meant, arena,
                                             ret_servers, ret_count, error)
                              : status;
}

static enum status server_make(struct db_transaction *transaction, int64_t customer_id,
                               struct text name, struct text key_line, struct unix_time now,
                               struct arena *arena, struct server *ret_server, struct error *error)
{
    char place[NAME_MAX_BYTES];
    struct buf short_name = buf_over(place, sizeof(place));
    struct server server = {
        .customer_id = customer_id, .name = name, .public_key = key_line, .created = now};
    int64_t id = 0;
    enum status status = LICET_OK;

    server_short_name(name, &short_name);
    server.short_name = buf_text(&short_name);
    for (int draw = 0; status == LICET_OK && id == 0 && draw < NUMBER_DRAWS_MAX; draw++) {
        struct number number = number_draw_letters('S');

        server.number = text_of(number.text);
        status = store_server_insert(transaction, &server, &id, error);
    }
    if (status == LICET_OK && id == 0)
        return error_set(error, LICET_OVER_LIMIT, "no number for a license server is free");
    if (status == LICET_OK)
        status = store_server_get(transaction, id, arena, ret_server, error);
    return status;
}

static enum status server_ambiguous(const struct server *servers, uint32_t count, struct text name,
                                    struct error *error)
{
    char place[256];
    struct buf numbers = buf_over(place, sizeof(place));

    for (uint32_t i = 0; i < count && i < 8; i++)
        buf_printf(&numbers, "%s%.*s (%.*s)", i == 0 ? "" : ", ", TEXT_ARGS(servers[i].number),
                   TEXT_ARGS(text_head(servers[i].name, 20)));
    return error_set(error, LICET_CONFLICT, "%.*s may be any of %.*s: say which by its number",
                     TEXT_ARGS(name), TEXT_ARGS(buf_text(&numbers)));
}

enum status server_by_name(struct db_transaction *transaction, int64_t customer_id,
                           struct text name, struct unix_time now, struct arena *arena,
                           struct server *ret_server, struct error *error)
{
    struct server *servers;
    uint32_t count;
    enum status status;

    if (!text_is_name(name))
        return error_set(error, LICET_INVALID,
                         "a host name is 1 to %d bytes without blanks and control characters",
                         NAME_MAX_BYTES);
    status = servers_meant(transaction, customer_id, name, server_is_called, arena, &servers,
                           &count, error);
    if (status != LICET_OK)
        return status;
    if (count > 1)
        return server_ambiguous(servers, count, name, error);
    if (count == 0)
        return server_make(transaction, customer_id, name, (struct text){NULL, 0}, now, arena,
                           ret_server, error);
    *ret_server = servers[0];
    return LICET_OK;
}

enum status server_by_text(struct db_transaction *transaction, int64_t customer_id,
                           struct text text, struct unix_time now, struct arena *arena,
                           struct server *ret_server, struct error *error)
{
    struct number number;
    struct server server;
    enum status status;

    if (!number_is_letters(text, 'S', &number))
        return server_by_name(transaction, customer_id, text, now, arena, ret_server, error);
    status = store_server_find_number(transaction, text_of(number.text), arena, &server, NULL);
    if (status != LICET_OK && status != LICET_NOT_FOUND)
        return error_set(error, status, "the license server could not be looked up");
    if (status == LICET_NOT_FOUND || server.customer_id != customer_id)
        return error_set(error, LICET_NOT_FOUND,
                         "there is no license server %s: the numbers are in the list of license "
                         "servers, and a host name of this form is given with its domain",
                         number.text);
    *ret_server = server;
    return LICET_OK;
}

/* A name that was reserved gets its key; where two wait that may be meant, neither is guessed. */
static enum status server_adopt(struct db_transaction *transaction, struct text key_line,
                                struct text name, int64_t customer_id, struct unix_time now,
                                struct arena *arena, struct server *ret_server, struct error *error)
{
    struct server *servers;
    uint32_t count;
    enum status status = servers_meant(transaction, customer_id, name, server_is_reserved, arena,
                                       &servers, &count, error);

    if (status != LICET_OK)
        return status;
    if (count > 1)
        return server_ambiguous(servers, count, name, error);
    if (count == 0)
        return server_make(transaction, customer_id, name, key_line, now, arena, ret_server, error);
    status = store_server_set_key(transaction, servers[0].id, key_line, error);
    if (status == LICET_OK)
        status = store_server_get(transaction, servers[0].id, arena, ret_server, error);
    return status;
}

enum status server_by_key(struct db_transaction *transaction, const struct public_key *key,
                          struct text name, int64_t customer_id, struct unix_time now,
                          struct arena *arena, struct server *ret_server, struct error *error)
{
    struct text key_line = server_key_line(key, arena);
    struct server server;
    enum status status;

    if (key_line.data == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for a key");
    status = store_server_find_key(transaction, key_line, arena, &server, error);
    if (status == LICET_NOT_FOUND && customer_id != 0) {
        status = store_organization_lock(transaction, customer_id, error);
        if (status != LICET_OK)
            return status;
        status = store_server_find_key(transaction, key_line, arena, &server, error);
    }
    if (status == LICET_NOT_FOUND && customer_id == 0)
        return error_set(error, LICET_UNAUTHENTICATED,
                         "this license server is not known here: its first request is brought by a "
                         "license administrator who is signed in");
    if (status == LICET_NOT_FOUND)
        return server_adopt(transaction, key_line, name, customer_id, now, arena, ret_server,
                            error);
    if (status != LICET_OK)
        return status;
    if (customer_id != 0 && server.customer_id != customer_id)
        return error_set(error, LICET_CONFLICT,
                         "the key of this license server belongs to another customer of this "
                         "vendor: a license server serves one");
    *ret_server = server;
    return LICET_OK;
}
