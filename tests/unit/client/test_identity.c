/* Who holds a lease: from the operating system, not from the environment (R1.1). */
#include "client/identity.h"

#include <pwd.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tap.h"

int main(void)
{
    const struct passwd *entry = getpwuid(geteuid());
    struct identity identity, again;
    struct error error;
    struct utsname names;

    setenv("USER", "eve", 1);
    setenv("LOGNAME", "eve", 1);
    setenv("HOSTNAME", "elsewhere", 1);
    uname(&names);
    ok(identity_init(&identity, NULL, NULL, NULL, &error) == LICET_OK,
       "the system says who we are");
    ok(strcmp(identity.user, "eve") != 0 && strcmp(identity.host, "elsewhere") != 0,
       "R1.1 the environment does not");
    ok(entry == NULL || strcmp(identity.user, entry->pw_name) == 0, "the user's name");
    ok(strcmp(identity.host, names.nodename) == 0, "the machine's name");
    ok(identity.device[0] == '\0' || strlen(identity.device) == 32,
       "the device is a hash of the machine's id, where it has one");
    identity_init(&again, NULL, NULL, NULL, &error);
    ok(memcmp(&identity, &again, sizeof(identity)) == 0, "and always the same");
    ok(identity_init(&identity, "ada", "desk7", "", &error) == LICET_OK &&
           strcmp(identity.user, "ada") == 0 && identity.device[0] == '\0',
       "a product may name its own");
    again = identity;
    ok(identity_init(&identity, "a b", NULL, NULL, &error) == LICET_INVALID &&
           identity_init(&identity, NULL, "", NULL, &error) == LICET_INVALID &&
           identity_init(&identity, NULL, NULL, "d\n", &error) == LICET_INVALID,
       "R1.1 what is no name is refused, not cleaned up");
    ok(memcmp(&identity, &again, sizeof(identity)) == 0, "and nothing was changed");
    return tap_done();
}
