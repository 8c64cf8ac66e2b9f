/*
 * POST /names/forget {name, confirm}: an administrator has a name forgotten (R10.8). Without
 * "confirm": true it only says what would be; with it the answer comes when the name is gone from
 * the disk.
 */
#include "server/administrators.h"
#include "server/console/console.h"

struct forget_wait {
    struct http_exchange *exchange;
    struct server *server;
    name_id id;
    json_t *answer;
};

static uint32_t forget_count_denials(const struct server *server, name_id id)
{
    struct denial_row row;
    uint64_t cursor = 0;
    uint32_t count = 0;

    while (denials_next(server->denials, &cursor, &row)) {
        const struct denial *denial = &row.denial;

        count += denial->user == id || denial->host == id || denial->device == id ||
                 denial->source == id || denial->feature == id;
    }
    return count;
}

/* What licetd keeps of the name and this act does not touch, for a person to judge. */
static json_t *forget_remains(const struct server *server, const char *name)
{
    json_t *remains = json_array();
    uint32_t damaged = state_count_damaged_names(server);

    if (administrators_password(server->administrators, text_of(name)) != NULL)
        json_array_append_new(remains, json_string("an administrator signs in under this name: "
                                                   "STATE/administrators has it"));
    for (uint32_t number = 1; number <= damaged; number++)
        json_array_append_new(
            remains, json_sprintf("STATE/server/names.damaged-%u, which a repair put aside, may "
                                  "have it: delete that file when it is of no more use",
                                  number));
    return remains;
}

static enum status forget_read(struct http_exchange *exchange, char name[NAME_MAX_BYTES + 1],
                               bool *ret_is_confirmed, struct error *error)
{
    struct text text = http_body(exchange);
    json_error_t cause;
    json_t *body = json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES, &cause);
    enum status status = console_field(body, "name", name, NAME_MAX_BYTES + 1, error);

    *ret_is_confirmed = json_is_true(json_object_get(body, "confirm"));
    json_decref(body);
    return status;
}

static void forget_done(void *context)
{
    struct forget_wait *wait = context;

    server_forgotten(wait->server, wait->id);
    console_answer_json(wait->exchange, wait->answer);
    free(wait);
}

static enum status forget_begin(struct http_exchange *exchange, name_id id, json_t *answer,
                                struct error *error)
{
    struct server *server = http_context(exchange);
    const char *by = administrators_name(server->administrators, http_bearer(exchange));
    struct forget_wait *wait = calloc(1, sizeof(*wait));
    enum status status;

    if (wait == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to forget a name");
    status = server_forget(server, id, by, error);
    if (status != LICET_OK) {
        free(wait);
        return status;
    }
    *wait = (struct forget_wait){exchange, server, id, json_incref(answer)};
    http_defer(exchange);
    server_when_durable(server, forget_done, wait);
    return LICET_OK;
}

static enum status forget_name(struct http_exchange *exchange, struct error *error)
{
    struct server *server = http_context(exchange);
    char name[NAME_MAX_BYTES + 1];
    bool is_confirmed = false;
    name_id id = 0;
    json_t *answer;
    enum status status = forget_read(exchange, name, &is_confirmed, error);

    if (status == LICET_OK)
        status = server_find_forgettable(server, text_of(name), &id, error);
    if (status != LICET_OK)
        return status;
    answer =
        json_pack("{s:s, s:b, s:i, s:o}", "name", name, "forgotten", is_confirmed, "denials",
                  (int)forget_count_denials(server, id), "remains", forget_remains(server, name));
    if (answer == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left to forget a name");
    if (is_confirmed)
        status = forget_begin(exchange, id, answer, error);
    else
        console_answer_json(exchange, json_incref(answer));
    json_decref(answer);
    return status;
}

void name_forget_handle(struct http_exchange *exchange)
{
    struct error error = {0};
    enum status status = forget_name(exchange, &error);

    if (status != LICET_OK)
        http_answer_error(exchange, status, &error);
}
