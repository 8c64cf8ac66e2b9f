/* The planted bugs (bugs.def) by number. 0: none, the server as it is. */
#ifndef LICET_TESTS_SIM_BUGS_H
#define LICET_TESTS_SIM_BUGS_H

enum bug {
    BUG_NONE = 0,
#define BUG(number, name, text) BUG_##name = (number),
#include "sim/bugs.def"
#undef BUG
    BUG_LAST = BUG_DRAIN_OLDEST,
};

#endif
