/* Big-endian numbers. */
#include "base/wire.h"

#include "tap.h"

int main(void)
{
    uint8_t bytes[9] = {0};

    wire_put_u32(bytes, 0x01020304);
    ok(memcmp(bytes, "\1\2\3\4\0\0\0\0\0", 9) == 0, "four bytes are written, the highest first");
    ok(wire_get_u32(bytes) == 0x01020304, "and read back");
    wire_put_u64(bytes, 0x80020304fffefdfc);
    ok(memcmp(bytes, "\x80\2\3\4\xff\xfe\xfd\xfc\0", 9) == 0, "eight bytes are written");
    ok(wire_get_u64(bytes) == 0x80020304fffefdfc, "and read back");
    ok(wire_get_u32(bytes + 1) == 0x020304ff, "no alignment is needed");
    return tap_done();
}
