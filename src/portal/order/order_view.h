/* Orders as acts show them, and who sees which. No answer has a license code. */
#ifndef LICET_PORTAL_ORDER_VIEW_H
#define LICET_PORTAL_ORDER_VIEW_H

#include <jansson.h>

#include "portal/request.h"
#include "store/order.h"

json_t *order_json(const void *row); /* a struct order, without its lines */

/* {order} of the path, for members of the organisation that placed it with one of `roles`, its
 * customer's with one of `roles` where that did not place it, and staff. LICET_NOT_FOUND for
 * strangers. */
enum status order_authorise(struct request *request, unsigned int roles, int64_t *ret_id,
                            struct error *error);

/* The order with its lines and mails. */
enum status order_full_json(struct request *request, int64_t id, json_t **ret_json,
                            struct error *error);
enum status order_reply(struct request *request, struct reply *reply, int64_t id,
                        struct error *error);

/* Tells the mail thread that something waits. */
void order_wake_mailer(const struct request *request);

#endif
