/* The only place that reads a clock. PURE folders do not include it: they receive `now`. */
#ifndef LICET_BASE_CLOCK_H
#define LICET_BASE_CLOCK_H

#include "base/time.h"

struct instant clock_instant(void); /* CLOCK_BOOTTIME: goes on while the machine sleeps (R8.5) */
struct unix_time clock_unix(void);

#endif
