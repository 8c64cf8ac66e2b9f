/* Between licet.h and the inside: errors, and structs of a caller that knows fewer fields. */
#ifndef LICET_CLIENT_API_H
#define LICET_CLIENT_API_H

#include "base/status.h"
#include "license/trust.h"
#include "licet.h"

/* licet_error and struct error are the same bytes (checked in api.c). NULL stays NULL. */
struct error *api_error(licet_error *error);
enum status api_null(struct error *error);

/* Copies `defaults` into the caller's struct, which may be shorter or longer than ours. Its first
 * member is the size. NULL is left alone. */
void api_struct_init(void *place, const void *defaults, size_t defaults_size, size_t size);
/* Reads a caller's struct into ours; what he does not know is zero. False: its size is not one. */
bool api_struct_read(void *ours, size_t ours_size, const void *theirs, size_t size);
/* Writes ours into a caller's struct of `size`, his size kept. */
void api_struct_write(void *theirs, size_t size, const void *ours, size_t ours_size);

/* The roots of the options, or where they are empty those of the file that LICET_ROOT names. */
enum status client_read_trust(const char *roots, const char *vendor, struct trust *ret_trust,
                              struct error *error);

#endif
