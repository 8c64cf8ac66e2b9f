/* The names file: ids and names, a torn end, damage, erasing, repair. */
#include <sys/wait.h>

#include "journal_tests.h"

static struct error error;

struct names_seen {
    uint32_t count, erased, wrong;
};

static struct text name_of(uint32_t id, char data[64])
{
    snprintf(data, 64, "user-%u@example.com", id);
    return text_of(data);
}

static enum status names_see(void *context, uint32_t id, struct text name, struct error *unused)
{
    struct names_seen *seen = context;
    char data[64];

    (void)unused;
    if (id != ++seen->count)
        seen->wrong++;
    if (name.size == 0)
        seen->erased++;
    else if (!text_equal(name, name_of(id, data)))
        seen->wrong++;
    return LICET_OK;
}

static enum status names_open_and_see(struct names_seen *seen)
{
    struct names_file *names;
    enum status status;

    *seen = (struct names_seen){0};
    status = names_file_open(folder, names_see, seen, &names, &error);
    if (status == LICET_OK)
        names_file_destroy(names);
    return status;
}

static bool names_add(struct names_file *names, uint32_t count)
{
    uint32_t id = names_file_last(names);

    for (uint32_t i = 0; i < count; i++) {
        char data[64];

        id++;
        if (names_file_append(names, id, name_of(id, data), &error) != LICET_OK)
            return false;
    }
    return names_file_sync(names, &error) == LICET_OK;
}

static void test_round_trip(void)
{
    struct names_file *names;
    struct names_seen seen = {0};
    char long_name[300];

    memset(long_name, 'x', sizeof(long_name));
    ok(names_file_open(folder, names_see, &seen, &names, &error) == LICET_OK && seen.count == 0,
       "a missing file is made, without a name");
    ok(names_add(names, 3) && names_file_last(names) == 3, "three names are synced");
    ok(names_file_append(names, 5, TEXT("x"), &error) == LICET_INVALID, "an id cannot be skipped");
    ok(names_file_append(names, 3, TEXT("x"), &error) == LICET_INVALID, "nor taken twice");
    ok(names_file_append(names, 4, TEXT(""), &error) == LICET_INVALID, "no name is empty");
    ok(names_file_append(names, 4, text_make(long_name, 256), &error) == LICET_INVALID,
       "nor longer than 255 bytes");
    ok(names_add(names, 2) && names_add(names, 1), "more names follow");
    ok(names_file_append(names, 7, TEXT("lost"), &error) == LICET_OK, "one is never synced");
    names_file_destroy(names);
    ok(names_open_and_see(&seen) == LICET_OK && seen.count == 6 && seen.wrong == 0,
       "R10.8 the synced ones come back");
}

/* The last group is cut short, or parts of it never arrived. */
static void test_torn(void)
{
    struct picture picture;
    struct names_seen seen;
    size_t file, last, wrong = 0;
    char *data;

    picture_take(&picture);
    file = picture_find(&picture, NAMES_NAME);
    data = picture.files[file].data;
    last = picture.files[file].size - GROUP_HEADER_BYTES - 4 - strlen("user-6@example.com");
    for (size_t size = last; size < picture.files[file].size; size++) {
        file_put(NAMES_NAME, data, size);
        wrong += names_open_and_see(&seen) != LICET_OK || seen.count != 5 || seen.wrong != 0;
    }
    ok(wrong == 0, "R10.8 a torn end is cut, at every byte");
    for (size_t from = last; from < picture.files[file].size; from++) {
        char kept = data[from];

        data[from] ^= 0x10;
        file_put(NAMES_NAME, data, picture.files[file].size);
        wrong += names_open_and_see(&seen) != LICET_OK || seen.count != 5 || seen.wrong != 0;
        data[from] = kept;
    }
    ok(wrong == 0, "and so is a last group with a wrong byte");
    for (size_t from = 0; from < last; from++) {
        data[from] ^= 0x10;
        file_put(NAMES_NAME, data, picture.files[file].size);
        wrong += names_open_and_see(&seen) != LICET_DAMAGED;
        data[from] ^= 0x10;
    }
    ok(wrong == 0, "INV-23 a wrong byte anywhere before refuses");
    ok(strstr(error.text, "licetd repair") != NULL, "and says what to do");
    picture_restore(&picture);
    picture_drop(&picture);
}

static bool is_third(void *context, uint32_t id, struct text name)
{
    return *(uint32_t *)context == id && name.size > 0;
}

static void test_erase(void)
{
    struct names_file *names;
    struct names_seen seen = {0};
    uint32_t id = 3;
    struct picture picture;
    size_t file;

    names_file_open(folder, names_see, &seen, &names, &error);
    ok(names_file_rewrite(names, is_third, &id, &error) == LICET_OK, "a name is erased");
    ok(names_file_last(names) == 6 && names_add(names, 1), "and names go on after it");
    names_file_destroy(names);
    ok(names_open_and_see(&seen) == LICET_OK && seen.count == 7 && seen.erased == 1 &&
           seen.wrong == 0,
       "R10.8 its id stays, and every other name");
    picture_take(&picture);
    file = picture_find(&picture, NAMES_NAME);
    ok(memmem(picture.files[file].data, picture.files[file].size, "user-3@", 7) == NULL,
       "R10.8 nothing of the name is left in the file");
    ok(!folder_has(NAMES_TEMPORARY), "and no other file");
    picture_drop(&picture);
}

/* ---- killed while a name is erased */

static uint32_t calls_left;

/* The process ends before its call number `calls_left`. */
static void call_counted(void)
{
    if (calls_left-- == 0)
        _exit(9);
}

static int kill_open(int folder_fd, const char *name, int flags, mode_t mode)
{
    call_counted();
    return io_system.open(folder_fd, name, flags, mode);
}

/* Half of what was to be written may be there. */
static ssize_t kill_write(int fd, const struct iovec *parts, int count, off_t offset)
{
    if (calls_left-- == 0) {
        ssize_t written = pwrite(fd, parts[0].iov_base, parts[0].iov_len / 2, offset);

        _exit(written > 0 ? 9 : 8);
    }
    return io_system.write(fd, parts, count, offset);
}

static int kill_sync(int fd)
{
    call_counted();
    return io_system.sync(fd);
}

static int kill_sync_folder(int fd)
{
    call_counted();
    return io_system.sync_folder(fd);
}

static int kill_rename(int folder_fd, const char *from, const char *to)
{
    call_counted();
    return io_system.rename(folder_fd, from, to);
}

/* Erases user-3 in a process that ends before its call `calls`; its exit code. */
static int erase_and_die(uint32_t calls)
{
    struct io_calls deadly = io_system;
    pid_t child = fork();
    int status;

    if (child == 0) {
        struct names_seen seen = {0};
        struct names_file *names;
        uint32_t id = 3;

        if (names_file_open(folder, names_see, &seen, &names, &error) != LICET_OK)
            _exit(7);
        deadly.open = kill_open;
        deadly.write = kill_write;
        deadly.sync = kill_sync;
        deadly.sync_folder = kill_sync_folder;
        deadly.rename = kill_rename;
        calls_left = calls;
        io_use(&deadly);
        _exit(names_file_rewrite(names, is_third, &id, &error) == LICET_OK ? 0 : 6);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_kill(void)
{
    struct names_file *names;
    struct names_seen seen = {0};
    uint32_t calls = 0, wrong = 0, before = 0;
    int code = 9;

    folder_empty(folder);
    names_file_open(folder, names_see, &seen, &names, &error);
    names_add(names, 6);
    names_file_destroy(names);
    for (; code == 9 && calls < 100; calls++) {
        code = erase_and_die(calls);
        wrong += names_open_and_see(&seen) != LICET_OK || seen.count != 6 || seen.wrong != 0 ||
                 folder_has(NAMES_TEMPORARY);
        before += seen.erased == 0;
    }
    ok(code == 0 && calls > 4 && seen.erased == 1, "R10.8 a name is erased after %u kills",
       calls - 1);
    ok(wrong == 0 && before > 2, "R10.8 each of which left the old names or the new ones, whole");
}

static void test_many(void)
{
    struct names_file *names;
    struct names_seen seen = {0};
    uint32_t id = 90000;

    names_file_open(folder, names_see, &seen, &names, &error);
    ok(names_add(names, 99992), "a hundred thousand names are more than one group");
    ok(names_file_rewrite(names, is_third, &id, &error) == LICET_OK, "and are rewritten");
    ok(names_add(names, 1), "and one more follows");
    names_file_destroy(names);
    ok(names_open_and_see(&seen) == LICET_OK && seen.count == 100000 && seen.erased == 2 &&
           seen.wrong == 0,
       "all come back but the erased ones");
}

static void test_repair(void)
{
    struct picture picture;
    struct names_seen seen;
    uint32_t kept = 0;
    size_t file;

    picture_take(&picture);
    file = picture_find(&picture, NAMES_NAME);
    ok(names_file_repair(folder, &kept, &error) == LICET_OK && kept == 100000 &&
           !folder_has("names.damaged-1"),
       "repairing what is whole does nothing");
    picture.files[file].data[JOURNAL_GROUP_BYTES_MAX + 500] ^= 1;
    file_put(NAMES_NAME, picture.files[file].data, picture.files[file].size);
    ok(names_file_repair(folder, &kept, &error) == LICET_OK && kept > 0 && kept < 100000,
       "repair keeps the prefix");
    ok(folder_has("names.damaged-1"), "and the damaged file, aside");
    ok(names_open_and_see(&seen) == LICET_OK && seen.count == kept && seen.wrong == 0,
       "after it, the file opens");
    picture_drop(&picture);
}

int main(void)
{
    folder_make();
    test_round_trip();
    use_quick_disk();
    test_torn();
    test_erase();
    test_many();
    test_repair();
    test_kill();
    folder_remove();
    return tap_done();
}
