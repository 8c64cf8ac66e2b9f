/* GET /health: ok or not, and no more: it is told to anybody. */
#include "server/console/console.h"

void health_handle(struct http_exchange *exchange)
{
    const struct server *server = http_context(exchange);
    bool is_ok = server_has_room(server, JOURNAL_GROWTH, SEAT_RECORD_BYTES_MAX);

    http_answer(exchange, is_ok ? 200 : 503, "application/json",
                is_ok ? TEXT("{\"ok\":true}\n") : TEXT("{\"ok\":false}\n"));
}
