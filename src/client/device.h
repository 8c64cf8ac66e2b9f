/*
 * Seats of a license file for this very device (R2.7): an appliance, or a node-locked product. No
 * license server is asked, so nothing is counted beyond the handle: what the file permits, each
 * handle on the device may hold.
 */
#ifndef LICET_CLIENT_DEVICE_H
#define LICET_CLIENT_DEVICE_H

#include "client/client.h"

/* For device_open(): the assignment of all leases, and one request, to lines. */
size_t device_memory(void);

/* Verifies the file of the options, that it is for this device, and that no newer one was used here
 * (LICET_OLD_GENERATION); its failures are those of license_read() and license_check_device().
 * `memory` is device_memory() for the handle's life. */
enum status device_open(struct licet *client, const licet_options *options, void *memory,
                        struct error *error);

/* Holds the lease, which asks, or frees it and says why not: LICET_NO_FEATURE, LICET_DISABLED,
 * LICET_MAINTENANCE, LICET_EXPIRED, LICET_NOT_STARTED, LICET_NO_SEAT. */
enum status device_checkout(struct licet *client, struct lease *lease, struct error *error);
/* What device_checkout() would say to this lease, which asks. */
void device_why(const struct licet *client, const struct lease *lease, licet_reason *ret_reason);
/* Ends what has passed its end. */
void device_tick(struct licet *client);

#endif
