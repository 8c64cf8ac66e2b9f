/*
 * What was signed in the last hour, by minutes. A clock that is set back makes nobody wait longer and
 * gives nobody more: what was counted stays, as old as it was.
 */
#ifndef LICET_SIGNER_HOUR_H
#define LICET_SIGNER_HOUR_H

#include "base/time.h"

/* The minute that runs, and sixty before it: never less than an hour. */
#define HOUR_MINUTES 61u

struct hour_counts {
    uint64_t seats;
    uint32_t files;
    uint32_t releases; /* of caps, by staff */
};

struct hour {
    int64_t minute; /* of the clock, of the newest place */
    uint32_t newest;
    struct hour_counts minutes[HOUR_MINUTES];
};

void hour_advance(struct hour *hour, struct unix_time now);
/* After hour_advance(). */
void hour_add(struct hour *hour, struct hour_counts counts);
struct hour_counts hour_sum(const struct hour *hour);

#endif
