/* What is refused before anything is routed. */
#ifndef LICET_HTTP_GATE_H
#define LICET_HTTP_GATE_H

#include <microhttpd.h>

#include "http/http.h"

/* The raw target, as it came: origin form, printable, no encoded NUL. */
enum status gate_target(const char *target, struct error *error);

/* All headers of a request, once they are complete and before any byte of the body is read.
 * `ret_close` is set together with a failure after which the connection cannot be trusted. */
enum status gate_headers(struct MHD_Connection *connection, enum http_method method,
                         const char *const *hosts, struct error *error);

#endif
