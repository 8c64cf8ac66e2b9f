/* What the vendor sells, as acts show it: everybody who is signed in may look at it. */
#ifndef LICET_PORTAL_CATALOG_H
#define LICET_PORTAL_CATALOG_H

#include <jansson.h>

#include "portal/page.h"
#include "store/catalog.h"

json_t *product_json(const void *row); /* a struct product */
json_t *edition_json(const void *row); /* a struct edition */
json_t *release_json(const void *row); /* a struct release */

#endif
