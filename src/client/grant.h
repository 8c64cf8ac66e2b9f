/*
 * Is this grant what a licensed server may say? One lease's proof against one verified license file
 * (R8.3). Without state: the same for a lease in use and for evidence read years later.
 */
#ifndef LICET_CLIENT_GRANT_H
#define LICET_CLIENT_GRANT_H

#include "license/license.h"
#include "seat/leaf.h"

/* The root's time is when the batch closed; the end was reckoned when the request came. Group
 * commits and a slow disk lie between. */
#define GRANT_COMMIT_SECONDS_MAX 60

/* The most that the lines of a file could give one lease. */
struct grant_terms {
    bool is_served; /* some enabled line serves the request at that time */
    uint64_t seats; /* of these lines with overdraft; UINT64_MAX: not counted */
    uint32_t ttl_s;
    uint32_t drain_s;
    int64_t end; /* first second after the last of these lines ends, 0: never */
};

struct grant_request {
    struct text feature;
    struct lease_leaf leaf; /* everything the server must repeat */
};

/* The line is of the feature, or covers it. */
bool grant_line_has(const struct license_increment *line, struct text feature);
/* R4.4: the first second after expiry or refresh-by, whichever comes first; 0: never. */
int64_t grant_line_end(const struct license_increment *line);
/* It has the feature, serves the release, is enabled and neither before its start nor at its end.
 */
bool grant_line_serves(const struct license *license, const struct license_increment *line,
                       const struct grant_request *request, struct unix_time now);

/* What the file could give this request at `now` (the server's time), once grant_verify() has found
 * that it names the server's key. */
void grant_terms_find(const struct license *license, const struct grant_request *request,
                      struct unix_time now, struct grant_terms *ret_terms);

/*
 * The proof is signed by `server_key`, which the file names and has not revoked; it is about this
 * file, and proves this very request. LICET_CONFLICT: about another file (the caller may ask for a
 * newer one). LICET_MISMATCH, LICET_BAD_SIGNATURE, LICET_INVALID, LICET_REVOKED,
 * LICET_WRONG_SERVER.
 */
enum status grant_verify(struct text proof, const struct license *license,
                         const struct public_key *server_key, const struct grant_request *request,
                         struct lease_proof *ret_proof, struct error *error);

/* ttl, end and count of a verified proof do not pass `terms`. LICET_MISMATCH. */
enum status grant_check_terms(const struct lease_proof *proof, const struct grant_terms *terms,
                              struct error *error);

#endif
