/* R10.4: how many grants a second one source address may take. Soft: it starts full after a
 * restart. */
#ifndef LICET_SERVER_RATES_H
#define LICET_SERVER_RATES_H

#include "seat/seat.h"

struct source_rates;

enum status source_rates_create(uint32_t grants_a_second_max, struct source_rates **ret_rates,
                                struct error *error);
void source_rates_destroy(struct source_rates *rates); /* NULL is fine */
/* Takes one grant of this second from the source's share; LICET_OVER_LIMIT where none is left. */
enum status source_rates_take(struct source_rates *rates, name_id source, struct instant now,
                              struct error *error);

#endif
