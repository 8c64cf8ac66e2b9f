/*
 * One bucket a source, in a table of fixed size indexed by the source's id. Two sources that share
 * a place share its bucket: that can only refuse earlier, and ids of addresses are handed out in a
 * row, so it takes 4,096 sources.
 */
#include "server/rates.h"

#define RATE_PLACES 4096u

struct source_rate {
    int64_t second;
    uint32_t taken;
};

struct source_rates {
    uint32_t grants_a_second_max;
    struct source_rate places[RATE_PLACES];
};

enum status source_rates_create(uint32_t grants_a_second_max, struct source_rates **ret_rates,
                                struct error *error)
{
    struct source_rates *rates = calloc(1, sizeof(*rates));

    if (rates == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the rates of sources");
    rates->grants_a_second_max = grants_a_second_max;
    *ret_rates = rates;
    return LICET_OK;
}

void source_rates_destroy(struct source_rates *rates)
{
    free(rates);
}

enum status source_rates_take(struct source_rates *rates, name_id source, struct instant now,
                              struct error *error)
{
    struct source_rate *place = &rates->places[source % RATE_PLACES];
    int64_t second = now.ms / 1000;

    if (place->second != second)
        *place = (struct source_rate){.second = second};
    if (place->taken == rates->grants_a_second_max)
        return error_set(error, LICET_OVER_LIMIT,
                         "this address has asked for more than %u seats within a second; try again "
                         "in a second, or let "
                         "the administrator raise grants-a-second",
                         rates->grants_a_second_max);
    place->taken++;
    return LICET_OK;
}
