/* A text of the portal into a file of one's own. */
#ifndef LICET_CLI_PORTAL_PUT_H
#define LICET_CLI_PORTAL_PUT_H

#include "base/status.h"
#include "base/text.h"

/* "-" is standard output. A file of other content is written over where `is_forced` alone
 * (LICET_CONFLICT); a crash leaves the old one or the new one. Says what to do with it. */
enum status put_file(const char *path, bool is_forced, struct text file, struct error *error);

#endif
