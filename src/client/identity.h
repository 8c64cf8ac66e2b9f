/*
 * Who holds a lease: user, host and device as the operating system knows them, not as the
 * environment says (R1.1). They are labels, not proofs.
 */
#ifndef LICET_CLIENT_IDENTITY_H
#define LICET_CLIENT_IDENTITY_H

#include "base/status.h"
#include "base/text.h"

struct identity {
    char user[NAME_MAX_BYTES + 1];
    char host[NAME_MAX_BYTES + 1];
    char device[NAME_MAX_BYTES + 1]; /* empty: none */
};

/* Each name that is NULL is asked of the system; the others are checked. An empty user or host is
 * refused, an empty device is none. LICET_INVALID, LICET_SYSTEM. */
enum status identity_init(struct identity *identity, const char *user, const char *host,
                          const char *device, struct error *error);

#endif
