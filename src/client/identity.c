/* user from the effective uid, host from uname(), device from the machine's id. */
#include "client/identity.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <sodium.h>

#include "base/parse.h"

#define IDENTITY_DEVICE_BYTES 16

static enum status identity_take(char place[NAME_MAX_BYTES + 1], const char *name, const char *what,
                                 struct error *error)
{
    struct text text = text_of(name);

    if (!text_is_name(text))
        return error_set(error, LICET_INVALID,
                         "the %s \"%.*s\" is not a name: 1 to %d bytes without blanks and control "
                         "characters; name another in the options",
                         what, TEXT_ARGS(text_head(text, NAME_MAX_BYTES)), NAME_MAX_BYTES);
    memcpy(place, text.data, text.size + 1);
    return LICET_OK;
}

/* A directory's name with a blank in it is no name here; the number that it stands for is. */
static void identity_system_user(char place[NAME_MAX_BYTES + 1])
{
    char room[4096];
    struct passwd entry, *found = NULL;
    uid_t uid = geteuid();

    if (getpwuid_r(uid, &entry, room, sizeof(room), &found) == 0 && found != NULL &&
        identity_take(place, found->pw_name, "user", NULL) == LICET_OK)
        return;
    snprintf(place, NAME_MAX_BYTES + 1, "uid-%lu", (unsigned long)uid);
}

static enum status identity_system_host(char place[NAME_MAX_BYTES + 1], struct error *error)
{
    struct utsname names;

    if (uname(&names) != 0)
        return error_set(error, LICET_SYSTEM,
                         "the operating system does not tell this machine's name");
    return identity_take(place, names.nodename, "host", error);
}

/* Of the machine's id (machine-id(5) asks to show only a hash of it): steady over renamed network
 * cards and docking stations. Without one there is no device name. */
static void identity_system_device(char place[NAME_MAX_BYTES + 1])
{
    static const char purpose[] = "licet: name of a device"; /* a key of 16 bytes or more */
    char machine[33];
    uint8_t hash[IDENTITY_DEVICE_BYTES];
    struct buf buf = buf_over(place, NAME_MAX_BYTES);
    int fd = open("/etc/machine-id", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, machine, sizeof(machine));

    if (fd >= 0)
        close(fd);
    place[0] = '\0';
    if (size < 32)
        return;
    crypto_generichash(hash, sizeof(hash), (const uint8_t *)machine, 32, (const uint8_t *)purpose,
                       sizeof(purpose) - 1);
    sodium_memzero(machine, sizeof(machine));
    print_hex(hash, sizeof(hash), &buf);
    place[buf.size] = '\0';
}

enum status identity_init(struct identity *identity, const char *user, const char *host,
                          const char *device, struct error *error)
{
    struct identity result = {0};
    enum status status = LICET_OK;

    if (user == NULL)
        identity_system_user(result.user);
    else
        status = identity_take(result.user, user, "user", error);
    if (status == LICET_OK)
        status = host == NULL ? identity_system_host(result.host, error)
                              : identity_take(result.host, host, "host", error);
    if (status == LICET_OK && device == NULL)
        identity_system_device(result.device);
    else if (status == LICET_OK && device[0] != '\0')
        status = identity_take(result.device, device, "device", error);
    if (status == LICET_OK)
        *identity = result;
    return status;
}
