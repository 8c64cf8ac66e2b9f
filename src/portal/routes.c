/* The list of routes as a table, and as people read it. */
#include "portal/route.h"

/* Security: an act without roles would be served to nobody or to everybody, as the reader likes. */
#define ROUTE(act, method, path, roles, body)                                                      \
    _Static_assert((roles) != 0 && ((roles) & ~(unsigned)ROLES_ALL) == 0, #act " has no roles");
#include "portal/routes.def"
#undef ROUTE

const struct route routes[] = {
#define ROUTE(act, method, path, roles, body)                                                      \
    {#act, HTTP_##method, path, (roles), (body), act##_handle},
#include "portal/routes.def"
#undef ROUTE
};

const size_t routes_count = sizeof(routes) / sizeof(routes[0]);

static const char *const role_names[] = {"anybody", "person",        "staff",
                                         "partner", "administrator", "viewer"};

void roles_print(unsigned int roles, const char *separator, struct buf *buf)
{
    bool has_one = false;

    for (size_t index = 0; index < sizeof(role_names) / sizeof(role_names[0]); index++) {
        if ((roles & (1u << index)) == 0)
            continue;
        if (has_one)
            buf_add_string(buf, separator);
        buf_add_string(buf, role_names[index]);
        has_one = true;
    }
}

void routes_print(FILE *file)
{
    for (size_t index = 0; index < routes_count; index++) {
        const struct route *route = &routes[index];
        char roles[64];
        struct buf buf = buf_over(roles, sizeof(roles));

        roles_print(route->roles, ",", &buf);
        fprintf(file, "%s %s %s %.*s %zu\n", route->name, http_method_name(route->method),
                route->path, (int)buf.size, buf.data, route->body_bytes_max);
    }
}
