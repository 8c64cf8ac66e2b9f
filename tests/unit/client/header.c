/* Compiles only where licet.h alone is clean C99, and clean C++11. */
#include "licet.h"

licet_status header_use(void);

licet_status header_use(void)
{
    licet_options options;

    licet_options_init(&options, sizeof(options));
    return options.leases_max > 0 ? LICET_OK : LICET_INVALID;
}
