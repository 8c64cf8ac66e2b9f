/* R7.5: what was seen once is not unseen, in memory and in the file. */
#include "client/witness.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

static struct witness_mark mark_of(uint8_t key, uint64_t generation, uint64_t epoch)
{
    struct witness_mark mark = {.vendor = "acme", .generation = generation, .epoch = epoch};

    memset(mark.server_key.bytes, key, sizeof(mark.server_key.bytes));
    return mark;
}

static enum status see(struct witness *witness, uint8_t key, uint64_t generation, uint64_t epoch)
{
    struct witness_mark mark = mark_of(key, generation, epoch);

    return witness_see(witness, &mark, NULL);
}

static enum status see_anew(const char *path, uint8_t key, uint64_t generation, uint64_t epoch)
{
    struct witness witness;

    witness_init(&witness, path);
    return see(&witness, key, generation, epoch);
}

static void test_memory(void)
{
    struct witness witness;

    witness_init(&witness, NULL);
    ok(see(&witness, 1, 5, 3) == LICET_OK && see(&witness, 1, 5, 3) == LICET_OK,
       "the same is seen again and again");
    ok(see(&witness, 1, 4, 3) == LICET_OLD_GENERATION, "R7.5 a lower generation is refused");
    ok(see(&witness, 1, 9, 2) == LICET_OLD_GENERATION, "R7.5 a lower epoch is refused");
    ok(see(&witness, 1, 5, 3) == LICET_OK, "and what was refused was not remembered");
    ok(see(&witness, 2, 1, 1) == LICET_OK, "another server's numbers are its own");
}

static uint64_t see_list(const char *path, const char *vendor, uint32_t number)
{
    struct witness witness;

    witness_init(&witness, path);
    return witness_see_list(&witness, text_of(vendor), number);
}

static void test_lists(const char *folder)
{
    struct witness witness;
    char path[128];

    witness_init(&witness, NULL);
    ok(witness_see_list(&witness, TEXT("acme"), 0) == 0 &&
           witness_see_list(&witness, TEXT("acme"), 4) == 4 &&
           witness_see_list(&witness, TEXT("acme"), 3) == 4 &&
           witness_see_list(&witness, TEXT("acme"), 0) == 4,
       "R9.3 the highest number of a list is remembered");
    ok(witness_see_list(&witness, TEXT("other"), 0) == 0 && see(&witness, 1, 1, 1) == LICET_OK,
       "R9.3 for its vendor, and not for a server");
    snprintf(path, sizeof(path), "%s/lists", folder);
    ok(see_anew(path, 1, 1, 1) == LICET_OK && see_list(path, "acme", 4) == 4 &&
           see_list(path, "acme", 2) == 4 && see_list(path, "acme", 0) == 4 &&
           see_list(path, "other", 0) == 0 && see_anew(path, 1, 1, 1) == LICET_OK,
       "R9.3 and by the file, beside the rows of servers");
}

static void test_file(const char *folder)
{
    char path[128];
    struct stat stat_now;

    snprintf(path, sizeof(path), "%s/seen", folder);
    ok(see_anew(path, 1, 5, 3) == LICET_OK && stat(path, &stat_now) == 0 &&
           (stat_now.st_mode & 0777) == 0600,
       "a file is made, for its owner only");
    ok(see_anew(path, 1, 4, 3) == LICET_OLD_GENERATION, "R7.5 it remembers the generation");
    ok(see_anew(path, 1, 5, 2) == LICET_OLD_GENERATION, "R7.5 and the epoch");
    ok(see_anew(path, 2, 1, 1) == LICET_OK && see_anew(path, 1, 7, 3) == LICET_OK &&
           see_anew(path, 2, 1, 0) == LICET_OLD_GENERATION &&
           see_anew(path, 1, 6, 3) == LICET_OLD_GENERATION,
       "rows of several servers stand beside each other");
    for (int key = 3; key < 200; key++)
        see_anew(path, (uint8_t)key, 1, 1);
    stat(path, &stat_now);
    ok(stat_now.st_size <= 32768 && see_anew(path, 1, 6, 3) == LICET_OLD_GENERATION,
       "the file has a largest size, and the first ones stay");
}

static void write_file(const char *path, const char *text, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, text, size) != (ssize_t)size)
        abort();
    close(fd);
}

static void test_bad_files(const char *folder)
{
    char path[128], elsewhere[128], noise[5000];
    int fd;

    snprintf(path, sizeof(path), "%s/bad", folder);
    snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", folder);
    for (size_t index = 0; index < sizeof(noise); index++)
        noise[index] = (char)(index * 37 + index / 251);
    write_file(path, noise, sizeof(noise));
    ok(see_anew(path, 1, 5, 3) == LICET_OK && see_anew(path, 1, 4, 3) == LICET_OLD_GENERATION,
       "noise in the file locks nobody out, and does not stop it from remembering");
    unlink(path);
    ok(symlink(elsewhere, path) == 0 && see_anew(path, 1, 5, 3) == LICET_OK &&
           access(elsewhere, F_OK) != 0,
       "a symbolic link is not followed");
    unlink(path);
    ok(see_anew("/proc/no/such/folder", 1, 5, 3) == LICET_OK,
       "a file that cannot be is not a failure");
    see_anew(path, 1, 5, 3);
    fd = open(path, O_RDWR | O_CLOEXEC);
    ok(fd >= 0 && flock(fd, LOCK_EX) == 0 && see_anew(path, 1, 4, 3) == LICET_OLD_GENERATION,
       "nobody waits for another product's lock, and reads all the same");
    close(fd);
    unlink(path);
    ok(mkfifo(path, 0600) == 0 && see_anew(path, 1, 5, 3) == LICET_OK, "a pipe holds nobody");
    unlink(path);
}

int main(void)
{
    char folder[] = "/tmp/licet-test-witness-XXXXXX", path[128];

    ok(mkdtemp(folder) != NULL, "a folder to work in");
    test_memory();
    test_lists(folder);
    test_file(folder);
    test_bad_files(folder);
    snprintf(path, sizeof(path), "%s/seen", folder);
    unlink(path);
    snprintf(path, sizeof(path), "%s/lists", folder);
    unlink(path);
    rmdir(folder);
    return tap_done();
}
