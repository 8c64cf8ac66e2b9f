/* Exchanges with license servers as acts show them. */
#ifndef LICET_PORTAL_EXCHANGE_VIEW_H
#define LICET_PORTAL_EXCHANGE_VIEW_H

#include <jansson.h>

#include "portal/request.h"
#include "store/exchange.h"
#include "store/server.h"

struct exchange_view {
    struct exchange exchange;
    struct server server;
    struct exchange_result *results;
    uint32_t results_count;
    struct text waits_for; /* as of an issue; empty: the response is there */
    struct text response;  /* whole, with the license file; data NULL: not yet */
};

/* In a transaction of its own. Security: whether the caller may see it is not asked here. */
enum status exchange_view_get(struct request *request, int64_t id, struct exchange_view *ret_view,
                              struct error *error);
json_t *exchange_json(const struct exchange_view *view);

#endif
