/*
 * One bucket a source, in a table of fixed size indexed by the source's id. Two sources that share
 * a place share its bucket: that can only refuse earlier, and ids of addresses are handed out in a
 * row, so it takes 4,096 sources.
 */
#include "server/rates.h"

#include <sodium.h>

#define RATE_PLACES 4096u

struct source_rate {
    int64_t second;
    uint32_t taken;
};

struct source_rates {
    uint32_t a_second_max;
    const char *what, *remedy;
    uint8_t hash_key[crypto_shorthash_KEYBYTES]; /* of addresses: nobody can choose one that shares
                                                    the bucket of another */
    struct source_rate places[RATE_PLACES];
};

enum status source_rates_create(uint32_t a_second_max, const char *what, const char *remedy,
                                struct source_rates **ret_rates, struct error *error)
{
    struct source_rates *rates = calloc(1, sizeof(*rates));

    if (rates == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the rates of sources");
    rates->a_second_max = a_second_max;
    rates->what = what;
    rates->remedy = remedy;
    randombytes_buf(rates->hash_key, sizeof(rates->hash_key));
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
    if (place->taken == rates->a_second_max)
        return error_set(error, LICET_OVER_LIMIT,
                         "this address has asked for more than %u %s within a second; try again in "
                         "a second, or %s",
                         rates->a_second_max, rates->what, rates->remedy);
    place->taken++;
    return LICET_OK;
}

enum status source_rates_take_address(struct source_rates *rates, struct text address,
                                      struct instant now, struct error *error)
{
    uint8_t hash[crypto_shorthash_BYTES];
    name_id place;

    crypto_shorthash(hash, (const uint8_t *)address.data, address.size, rates->hash_key);
    memcpy(&place, hash, sizeof(place));
    return source_rates_take(rates, place, now, error);
}
