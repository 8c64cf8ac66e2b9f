/* Generations of license servers as acts show them. */
#ifndef LICET_PORTAL_ISSUE_VIEW_H
#define LICET_PORTAL_ISSUE_VIEW_H

#include <jansson.h>

#include "portal/request.h"
#include "store/issue.h"
#include "store/server.h"

json_t *issue_json(const void *row); /* of a struct issue */

/* With what its file says, and its server. */
struct issue_whole {
    struct issue issue;
    struct server server;
    struct issue_line *lines;
    uint32_t lines_count;
};

/* In a transaction of its own, for `roles` of the server's customer. LICET_NOT_FOUND to strangers. */
enum status issue_whole_get(struct request *request, int64_t id, unsigned int roles,
                            struct issue_whole *ret_whole, struct error *error);
enum status issue_whole_read(struct db_transaction *transaction, int64_t id, struct arena *arena,
                             struct issue_whole *ret_whole, struct error *error);
json_t *issue_whole_json(const struct issue_whole *whole);

#endif
