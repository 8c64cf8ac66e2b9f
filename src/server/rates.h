/* R10.4: how much of one thing (grants, reports) a source address may take in a second. Soft: it
 * starts full after a restart. */
#ifndef LICET_SERVER_RATES_H
#define LICET_SERVER_RATES_H

#include "seat/seat.h"

struct source_rates;

/* The refusal says that of `what` there is no more, and the remedy; both are borrowed for good. */
enum status source_rates_create(uint32_t a_second_max, const char *what, const char *remedy,
                                struct source_rates **ret_rates, struct error *error);
void source_rates_destroy(struct source_rates *rates); /* NULL is fine */
/* Takes one of this second from the source's share; LICET_OVER_LIMIT where none is left. */
enum status source_rates_take(struct source_rates *rates, name_id source, struct instant now,
                              struct error *error);
/* For the address of somebody who has no id: an id costs memory for ever, and reports are for
 * anybody. */
enum status source_rates_take_address(struct source_rates *rates, struct text address,
                                      struct instant now, struct error *error);

#endif
