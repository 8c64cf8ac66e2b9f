/*
 * The sentence of a refusal: which rule or count refused, when that changes, and who can change it.
 * One sentence for RESP, console and logs; without a full stop.
 */
#ifndef LICET_SEAT_DENIAL_H
#define LICET_SEAT_DENIAL_H

#include "base/text.h"
#include "seat/names.h"
#include "seat/seat.h"

/* Of a reply of seat_step() or seat_why() whose status is not LICET_OK. It names no lease id, user
 * or host (R8.1). Where the reply carries no denial it is the status's own text. */
void seat_denial_print(const struct seat_reply *reply, const struct names *names, struct buf *buf);

#endif
