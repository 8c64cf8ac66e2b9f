/* What licetd is told: a configuration file, and the command line over it. licetd.conf(5) is the
 * contract. */
#ifndef LICET_SERVER_OPTIONS_H
#define LICET_SERVER_OPTIONS_H

#include "base/config.h"
#include "license/trust.h"
#include "net/address.h"

#define TRUSTED_VENDORS_MAX 16 /* one license server of a large site serves a dozen vendors */
#define LISTENS_MAX 4          /* IPv4 and IPv6, inside and loopback */
#define NETWORKS_MAX 32        /* allow= */
#define HOST_NAMES_MAX 16      /* host=: names under which browsers may call */

enum options_act {
    LICETD_SERVE,
    LICETD_CHECK_OPTIONS, /* --check: read the configuration, say what is wrong, end */
    LICETD_CHECK_JOURNAL, /* licetd check */
    LICETD_REPAIR,        /* licetd repair */
};

struct vendor_options {
    char name[NAME_MAX_BYTES + 1];
    struct public_key roots[TRUST_ROOTS_MAX];
    uint32_t roots_count;
};

struct options {
    char state[CONFIG_PATH_MAX];
    char name[NAME_MAX_BYTES + 1]; /* this machine's host name, as files and requests show it */
    struct address listens[LISTENS_MAX];
    uint32_t listens_count; /* 0: 127.0.0.1:7380 */
    struct network allows[NETWORKS_MAX];
    uint32_t allows_count; /* loopback is always allowed */
    char hosts[HOST_NAMES_MAX][NAME_MAX_BYTES * 4];
    uint32_t hosts_count;
    struct vendor_options vendors[TRUSTED_VENDORS_MAX];
    uint32_t vendors_count;
    uint32_t leases_of_source_max; /* R10.4 */
    uint32_t snapshot_records;     /* snapshot-after: records between two snapshots */
    uint32_t grants_a_second_max;  /* of one source address, R10.4 */
    bool has_nameless_denials;     /* denials=counts, R10.8 */
    enum options_act act;
};

/* Command line and file. LICET_INVALID with the file and line, or the option. */
enum status options_read(int argc, char **argv, struct options *ret_options, struct error *error);
const struct vendor_options *options_vendor(const struct options *options, struct text name);

#endif
