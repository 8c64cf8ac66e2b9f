/* The table of names: ids, hashes, growth, reload. */
#include <sys/mman.h>

#include "seat/names.h"
#include "tap.h"

static const uint8_t key[16] = {1, 2, 3};

static struct names *names_here(uint32_t names_max)
{
    void *memory = mmap(NULL, names_memory(names_max), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return names_create(memory, names_max, key);
}

static struct text number_text(char place[16], unsigned number)
{
    snprintf(place, 16, "n%u", number);
    return text_of(place);
}

static void test_intern(void)
{
    struct names *names = names_here(0);
    name_id alice = 0, bob = 0, again = 0;
    bool is_new = false;

    ok(names_intern(names, TEXT("alice"), &alice, &is_new, NULL) == LICET_OK && alice == 1 &&
           is_new,
       "the first name is 1 and new");
    ok(names_intern(names, TEXT("bob"), &bob, &is_new, NULL) == LICET_OK && bob == 2 && is_new,
       "another name has another id");
    ok(names_intern(names, TEXT("alice"), &again, &is_new, NULL) == LICET_OK && again == 1 &&
           !is_new,
       "the same name has the same id and is not new");
    ok(text_is(names_text(names, bob), "bob"), "an id has its text");
    ok(names_text(names, 0).size == 0 && names_text(names, 99).size == 0,
       "no name and an unknown id have an empty text");
    ok(names_find(names, TEXT("carol")) == 0 && names_last(names) == 2, "looking gives no id");
    ok(names_intern(names, TEXT("a b"), &again, &is_new, NULL) == LICET_INVALID && again == 1,
       "R1.1 a name with a blank is refused and nothing changes");
    ok(names_intern(names, TEXT(""), &again, &is_new, NULL) == LICET_INVALID,
       "R1.1 the empty name is refused");
}

static void test_hash(void)
{
    /* BLAKE2b-128 of "abc" and of nothing, from the reference implementation (b2sum -l 128). */
    static const uint8_t abc[16] = {0xcf, 0x4a, 0xb7, 0x91, 0xc6, 0x2b, 0x8d, 0x2b,
                                    0x21, 0x09, 0xc9, 0x02, 0x75, 0x28, 0x78, 0x16};
    static const uint8_t none[16] = {0xca, 0xe6, 0x69, 0x41, 0xd9, 0xef, 0xbd, 0x40,
                                     0x4e, 0x4d, 0x88, 0x75, 0x8e, 0xa6, 0x76, 0x70};
    struct names *names = names_here(0);
    name_id id = 0;
    bool is_new;

    names_intern(names, TEXT("abc"), &id, &is_new, NULL);
    ok(memcmp(names_hash(names, id), abc, 16) == 0, "R8.2 the hash of a name is its BLAKE2b-128");
    ok(memcmp(names_hash(names, 0), none, 16) == 0, "R8.2 no name hashes as the empty text");
    ok(memcmp(names_hash(names, 77), none, 16) == 0, "an unknown id hashes as no name");
}

static void test_many(void)
{
    enum {
        COUNT = 100000
    };
    struct names *names = names_here(COUNT);
    char place[16];
    unsigned wrong = 0;
    name_id id = 0;
    bool is_new;

    for (unsigned i = 1; i <= COUNT; i++)
        wrong +=
            names_intern(names, number_text(place, i), &id, &is_new, NULL) != LICET_OK || id != i;
    for (unsigned i = 1; i <= COUNT; i++)
        wrong += names_find(names, number_text(place, i)) != i;
    ok(wrong == 0, "100,000 names are found again while the index grows");
    ok(names_intern(names, TEXT("one-more"), &id, &is_new, NULL) == LICET_OVER_LIMIT,
       "a full table refuses a new name");
    ok(names_intern(names, TEXT("n7"), &id, &is_new, NULL) == LICET_OK && id == 7,
       "a full table still finds what it has");
}

static void test_load(void)
{
    struct names *names = names_here(10);
    name_id id = 0;
    bool is_new;

    ok(names_load(names, 3, TEXT("carol"), NULL) == LICET_OK, "ids come back in any order");
    ok(names_load(names, 1, TEXT("alice"), NULL) == LICET_OK &&
           names_load(names, 1, TEXT("alice"), NULL) == LICET_OK,
       "the same pair twice is fine");
    ok(names_load(names, 1, TEXT("bob"), NULL) == LICET_DAMAGED, "an id with two texts is damage");
    ok(names_load(names, 4, TEXT("alice"), NULL) == LICET_DAMAGED, "a text with two ids is damage");
    ok(names_load(names, 11, TEXT("zoe"), NULL) == LICET_DAMAGED,
       "an id beyond the table is damage");
    ok(names_load(names, 0, TEXT("zoe"), NULL) == LICET_DAMAGED, "the id 0 is damage");
    ok(names_text(names, 2).size == 0, "an id between that was not loaded has no text");
    ok(names_intern(names, TEXT("dave"), &id, &is_new, NULL) == LICET_OK && id == 4 && is_new,
       "a new name goes on after the highest id");
}

static void test_forget(void)
{
    struct names *names = names_here(10);
    bool is_new;
    name_id id = 0;

    names_intern(names, TEXT("alice"), &id, &is_new, NULL);
    names_intern(names, TEXT("bob"), &id, &is_new, NULL);
    names_hide(names, 1);
    names_hide(names, 1);
    ok(names_find(names, TEXT("alice")) == 0 && text_is(names_text(names, 1), "alice"),
       "R10.8 a hidden name is found no more, and still has its text");
    ok(names_intern(names, TEXT("alice"), &id, &is_new, NULL) == LICET_OK && id == 3 && is_new,
       "R10.8 who comes with it again is somebody new");
    names_wipe(names, 1);
    ok(names_text(names, 1).size == 0 &&
           memcmp(names_hash(names, 1), names_hash(names, 0), 16) == 0,
       "R10.8 a wiped name has neither text nor hash");
    ok(names_find(names, TEXT("alice")) == 3 && names_find(names, TEXT("bob")) == 2,
       "and nobody else is touched");
    names_wipe(names, 3);
    ok(names_intern(names, TEXT("carol"), &id, &is_new, NULL) == LICET_OK && id == 4,
       "an id is not given twice");
}

static void test_load_forgotten(void)
{
    struct names *names = names_here(10);
    bool is_new;
    name_id id = 0;

    ok(names_load(names, 1, TEXT("alice"), NULL) == LICET_OK &&
           names_load(names, 2, TEXT(""), NULL) == LICET_OK && names_last(names) == 2,
       "R10.8 a forgotten name is loaded as its id");
    ok(names_intern(names, TEXT("bob"), &id, &is_new, NULL) == LICET_OK && id == 3,
       "R10.8 which nobody else gets");
    ok(names_load(names, 1, TEXT(""), NULL) == LICET_DAMAGED, "a name that is there is not lost");
}

int main(void)
{
    test_intern();
    test_hash();
    test_many();
    test_load();
    test_forget();
    test_load_forgotten();
    return tap_done();
}
