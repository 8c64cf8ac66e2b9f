/* R10.4: grants a second of one source. */
#include "server/rates.h"

#include "tap.h"

int main(void)
{
    struct source_rates *rates;
    struct error error = {0};

    ok(source_rates_create(2, "seats", "raise grants-a-second", &rates, NULL) == LICET_OK,
       "two grants a second");
    ok(source_rates_take(rates, 7, (struct instant){1000}, NULL) == LICET_OK &&
           source_rates_take(rates, 7, (struct instant){1999}, NULL) == LICET_OK,
       "R10.4 two are taken");
    ok(source_rates_take(rates, 7, (struct instant){1999}, &error) == LICET_OVER_LIMIT,
       "R10.4 the third is refused");
    ok(strstr(error.text, "grants-a-second") != NULL, "with the option that changes it");
    ok(source_rates_take(rates, 8, (struct instant){1999}, NULL) == LICET_OK,
       "another source is not touched");
    ok(source_rates_take(rates, 7, (struct instant){2000}, NULL) == LICET_OK,
       "the next second is new");
    ok(source_rates_take_address(rates, TEXT("192.0.2.1"), (struct instant){3000}, NULL) ==
               LICET_OK &&
           source_rates_take_address(rates, TEXT("192.0.2.1"), (struct instant){3000}, NULL) ==
               LICET_OK &&
           source_rates_take_address(rates, TEXT("192.0.2.1"), (struct instant){3000}, NULL) ==
               LICET_OVER_LIMIT,
       "R10.4 an address without an id has a share of its own");
    source_rates_destroy(rates);
    return tap_done();
}
