/* Memory that never grows. */
#include "base/arena.h"

#include "tap.h"

int main(void)
{
    static char place[256];
    struct arena arena = arena_over(place + 1, sizeof(place) - 1);
    char *first = arena_take(&arena, 3, 1);
    uint64_t *second = arena_take(&arena, 2, sizeof(uint64_t));

    ok(first != NULL && (uintptr_t)first % _Alignof(max_align_t) == 0,
       "the first place is aligned, wherever the arena starts");
    ok(second != NULL && (uintptr_t)second % _Alignof(max_align_t) == 0,
       "the second is aligned too");
    ok(second[0] == 0 && second[1] == 0, "what is handed out is zero");
    ok(arena_take(&arena, SIZE_MAX, 2) == NULL, "a product that wraps is refused");
    ok(arena_take(&arena, SIZE_MAX, 1) == NULL, "a size that wraps is refused");
    ok(arena_take(&arena, 1000, 1) == NULL, "a full arena says so");
    ok(arena_take(&arena, 8, 1) != NULL, "and still serves what fits");
    ok(text_is(arena_copy(&arena, TEXT("seat")), "seat"), "a text is copied");
    ok(arena_copy(&arena, text_make(place, sizeof(place))).data == NULL,
       "a text that does not fit is not");
    return tap_done();
}
