/* Numbers and encodings out of untrusted text, each with its range. Leading zeros, signs and blanks
 * are refused. */
#ifndef LICET_BASE_PARSE_H
#define LICET_BASE_PARSE_H

#include "base/status.h"
#include "base/text.h"

enum status parse_u32(struct text text, uint32_t min, uint32_t max, uint32_t *ret_value,
                      struct error *error);
enum status parse_u64(struct text text, uint64_t min, uint64_t max, uint64_t *ret_value,
                      struct error *error);

/* Exactly 2 x size digits of lower or upper case. */
enum status parse_hex(struct text text, uint8_t *bytes, size_t size, struct error *error);
void print_hex(const uint8_t *bytes, size_t size, struct buf *buf); /* lower case */

#endif
