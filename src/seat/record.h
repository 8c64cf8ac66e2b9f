/*
 * The bytes of a record (R8.8): kind 1, time 8, then the fields of its kind in the order of
 * struct seat_record, each big-endian with its full width; no padding. A kind's bytes never change:
 * what needs more is another kind.
 *
 *   OPEN         server key 32
 *   EPOCH        epoch 8
 *   INSTALL      vendor 4, generation 4, payload hash 32, installed at 8, lines 4
 *   LINE         sn 4, feature 4, seats 4, overdraft 4, held over 4, maintenance 4, start 8,
 *                expiry 8, refresh by 8, ttl 4, drain 4, drain end 8, state 1, covers 1, covers x 4
 *   INSTALL_END  -
 *   GRANT        handle 8, id 16, vendor 4, feature 4, user 4, host 4, device 4, source 4,
 *                count 4, release 4, end 8, ttl 4, flags 1
 *   CHECKIN      handle 8, id 16, source 4, forgets 1; EXPIRE alike
 *   ENDING       handle 8, id 16, end 8
 *   REQUEST      counter 8, response hash 32
 */
#ifndef LICET_SEAT_RECORD_H
#define LICET_SEAT_RECORD_H

#include "seat/seat.h"

/* Writes the record and returns its size, at most SEAT_RECORD_BYTES_MAX. */
size_t record_encode(const struct seat_record *record, uint8_t bytes[SEAT_RECORD_BYTES_MAX]);

/* Reads the record that `bytes` begins with. LICET_DAMAGED: an unknown kind, a value out of its
 * range, or too few bytes. What is read encodes to the same bytes. */
enum status record_decode(const uint8_t *bytes, size_t size, struct seat_record *ret_record,
                          size_t *ret_size, struct error *error);

#endif
