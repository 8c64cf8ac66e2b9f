/* Entitlements as acts show them. */
#ifndef LICET_PORTAL_ENTITLEMENT_VIEW_H
#define LICET_PORTAL_ENTITLEMENT_VIEW_H

#include <jansson.h>

#include "portal/request.h"
#include "store/catalog.h"
#include "store/entitlement.h"
#include "store/ledger.h"

/* What stands in several tables about one. */
struct entitlement_view {
    struct entitlement entitlement;
    struct edition edition;
    uint32_t seats[ACCOUNT_KINDS_COUNT];
};

/* The edition and the seats of view->entitlement. */
enum status entitlement_view_fill(struct db_transaction *transaction, struct arena *arena,
                                  struct entitlement_view *view, struct error *error);

/* Security: the license code is told to license administrators of its customer alone (R6.10). */
json_t *entitlement_json(const struct request *request, const struct entitlement_view *view);

/* In a transaction of its own, for those who may see it. LICET_NOT_FOUND to everybody else. */
enum status entitlement_view_get(struct request *request, int64_t id,
                                 struct entitlement_view *ret_view, struct error *error);

#endif
