/* What licet-portal is told: a configuration file, and the command line over it. licet-portal(8) is
 * the contract. */
#ifndef LICET_PORTAL_OPTIONS_H
#define LICET_PORTAL_OPTIONS_H

#include "base/config.h"
#include "base/limits.h"
#include "license/trust.h"
#include "net/address.h"

#define PORTAL_DATABASE_MAX 1024
#define PORTAL_HOSTS_MAX 16
#define PORTAL_HOST_BYTES_MAX 256

enum portal_act {
    PORTAL_SERVE,
    PORTAL_INIT,   /* licet-portal init */
    PORTAL_CHECK,  /* --check: read the configuration, say what is wrong, end */
    PORTAL_ROUTES, /* licet-portal routes: print the list of acts */
    PORTAL_AUDIT,  /* licet-portal audit: compute everything again */
};

struct portal_options {
    char database[PORTAL_DATABASE_MAX];
    struct address listen; /* 127.0.0.1:7390 */
    char hosts[PORTAL_HOSTS_MAX][PORTAL_HOST_BYTES_MAX];
    uint32_t hosts_count;
    uint32_t workers;
    char vendor[NAME_MAX_BYTES + 1]; /* "": no license files are made here */
    char roots[TRUST_ROOTS_MAX][CONFIG_PATH_MAX];
    uint32_t roots_count;
    char signer[CONFIG_PATH_MAX]; /* the socket of licet-signer */
    char mail[CONFIG_PATH_MAX];   /* "": no mail is sent */
    char mail_from[PORTAL_HOST_BYTES_MAX];
    char mail_user[PORTAL_HOST_BYTES_MAX];
    char mail_password_file[CONFIG_PATH_MAX];
    char site[CONFIG_PATH_MAX]; /* what links in mail begin with */
    enum portal_act act;
};

/* Command line and file. LICET_INVALID with the file and line, or the option. */
enum status portal_options_read(int argc, char **argv, struct portal_options *ret_options,
                                struct error *error);
/* Reads the vendor's root keys. The vendor's name is borrowed from the options. */
enum status portal_options_trust(const struct portal_options *options, struct trust *ret_trust,
                                 struct error *error);

#endif
