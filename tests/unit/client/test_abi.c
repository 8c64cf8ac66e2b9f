/* licet.h against the list it copies. The header is compiled as products compile it by the two
 * tests beside. */
#include "licet.h"

/* Before status.h: the header's own numbers are what is compared, under other names. */
static const struct {
    licet_status number;
    const char *name;
} in_header[] = {
#define STATUS(number, name, word, http, code, text) {LICET_##name, #name},
#include "base/status.def"
#undef STATUS
};
static const licet_status in_list[] = {
#define STATUS(number, name, word, http, code, text) number,
#include "base/status.def"
#undef STATUS
};

#include "tap.h"

int main(void)
{
    size_t count = sizeof(in_header) / sizeof(in_header[0]);

    for (size_t i = 0; i < count; i++)
        ok(in_header[i].number == in_list[i], "LICET_%s of licet.h is the list's %d",
           in_header[i].name, (int)in_list[i]);
    ok(sizeof(licet_error) == 4 + LICET_TEXT_SIZE, "an error is its number and its sentence");
    return tap_done();
}
