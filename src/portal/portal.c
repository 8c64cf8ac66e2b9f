/* Putting a portal together, and taking it apart in the other order. */
#include "portal/portal.h"

#include <limits.h>
#include <unistd.h>

#include <curl/curl.h>
#include <sodium.h>

#include "base/file.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "http/workers.h"
#include "portal/frame.h"
#include "portal/issuing/issuing.h"
#include "portal/mail/mail.h"
#include "store/session.h"
#include "store/store.h"

/* Limit: each may hold a body of BODY_TEXT while it waits: 256 of 1.25 MiB are 320 MiB at worst. */
#define CONNECTIONS_MAX 256
#define IDLE_SECONDS 30
/* Limit: a frame's files are signed in milliseconds; a signer that takes longer than this is away. */
#define SIGNER_TIMEOUT_MS 10000
/* R6.8: another portal that issues is believed to be away when something has waited for so long. */
#define TAKE_BACK_MS 60000
#define MAIL_PASSWORD_BYTES_MAX 1024
/* Limit: behind 32 workers and acts of 5 ms, the last of 128 waits 20 ms. */
#define QUEUE_MAX 128
#define SWEEP_SECONDS 3600

struct portal {
    struct portal_options options;
    struct store *store;
    struct http_workers *workers;
    int listen_fd; /* -1: none, or the HTTP server's by now */
    struct http_server *http;
    struct http_route *http_routes; /* in the order of `routes` */
    const char *hosts[PORTAL_HOSTS_MAX + 4];
    struct trust trust; /* the roots that files are verified by before they are released */
    struct issuing_options issuing_options;
    struct issuing *issuing;
    struct mail_options mail_options;
    char mail_password[MAIL_PASSWORD_BYTES_MAX + 1];
    struct mailer *mailer;
    uint32_t waiting; /* workers, for the issuing thread */
    int64_t swept_s;
};

struct store *portal_store(const struct portal *portal)
{
    return portal->store;
}

struct text portal_vendor(const struct portal *portal)
{
    return text_of(portal->options.vendor);
}

struct issuing *portal_issuing(const struct portal *portal)
{
    return portal->issuing;
}

struct mailer *portal_mailer(const struct portal *portal)
{
    return portal->mailer;
}

bool portal_wait_begin(struct portal *portal, bool is_signed_in)
{
    uint32_t workers = portal->options.workers;
    uint32_t most = is_signed_in ? workers - workers / 4 : workers - workers / 2;

    if (__atomic_add_fetch(&portal->waiting, 1, __ATOMIC_RELAXED) <= most)
        return true;
    portal_wait_end(portal);
    return false;
}

void portal_wait_end(struct portal *portal)
{
    __atomic_sub_fetch(&portal->waiting, 1, __ATOMIC_RELAXED);
}

static enum status sweep_run(struct db_transaction *transaction, void *context, struct error *error)
{
    const struct unix_time *now = context;

    return store_sweep(transaction, *now, error);
}

void portal_sweep(struct portal *portal, struct unix_time now)
{
    int64_t swept_s = __atomic_load_n(&portal->swept_s, __ATOMIC_RELAXED);
    struct error error = {0};
    enum status status;

    if (now.s - swept_s < SWEEP_SECONDS ||
        !__atomic_compare_exchange_n(&portal->swept_s, &swept_s, now.s, false, __ATOMIC_RELAXED,
                                     __ATOMIC_RELAXED))
        return;
    status = store_transact(portal->store, sweep_run, &now, &error);
    if (status != LICET_OK)
        log_warning("portal.sweep_failed", "\"%s\"", error_text(&error, status));
}

const struct route *portal_route(const struct portal *portal, const struct http_route *http_route)
{
    return &routes[http_route - portal->http_routes];
}

static void portal_push(struct http_exchange *exchange)
{
    struct portal *portal = http_context(exchange);

    http_workers_push(portal->workers, exchange);
}

/* Who asks is found out by a worker, who may wait for the database. Here, before a byte of the body
 * is read, it is only seen whether somebody says at all who he is. */
static enum status portal_identify(void *context, struct http_exchange *exchange,
                                   struct text bearer, enum http_role *ret_role,
                                   struct error *error)
{
    const struct route *route = portal_route(context, http_exchange_route(exchange));
    struct text cookie;

    if ((route->roles & ROLE_ANYBODY) == 0 && bearer.size == 0 &&
        !http_header(exchange, "Cookie", &cookie))
        return error_set(error, LICET_UNAUTHENTICATED, "sign in first");
    *ret_role = HTTP_ROLE_ANYBODY;
    return LICET_OK;
}

static enum status portal_make_routes(struct portal *portal, struct error *error)
{
    portal->http_routes = calloc(routes_count, sizeof(*portal->http_routes));
    if (portal->http_routes == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the routes");
    for (size_t index = 0; index < routes_count; index++)
        portal->http_routes[index] =
            (struct http_route){.method = routes[index].method,
                                .role = HTTP_ROLE_ANYBODY,
                                .path = routes[index].path,
                                .body_bytes_max = routes[index].body_bytes_max,
                                .handle = portal_push};
    return LICET_OK;
}

static enum status portal_listen(struct portal *portal, struct error *error)
{
    struct address bound;
    char text[ADDRESS_TEXT_MAX];
    struct buf buf = buf_over(text, sizeof(text));
    enum status status = address_listen(&portal->options.listen, &portal->listen_fd, &bound, error);

    if (status != LICET_OK)
        return status;
    address_print(&bound, &buf);
    log_info("portal.listening", "address=%.*s", (int)buf.size, buf.data);
    return LICET_OK;
}

static enum status portal_serve(struct portal *portal, struct error *error)
{
    struct http_options http = {.routes = portal->http_routes,
                                .routes_count = routes_count,
                                .hosts = portal->hosts,
                                .connections_max = CONNECTIONS_MAX,
                                .idle_seconds = IDLE_SECONDS,
                                .context = portal,
                                .identify = portal_identify,
                                .listen_fd = portal->listen_fd};
    enum status status = http_server_create(&http, &portal->http, error);

    if (status == LICET_OK)
        portal->listen_fd = -1;
    return status;
}

/* ---- what is read before the sandbox closes */

static enum status portal_read_trust(struct portal *portal, struct error *error)
{
    const struct portal_options *options = &portal->options;
    enum status status = portal_options_trust(options, &portal->trust, error);

    portal->issuing_options = (struct issuing_options){
        .vendor = portal->trust.vendor,
        .trust = &portal->trust,
        .signer = {.socket = options->signer, .timeout_ms = SIGNER_TIMEOUT_MS},
        .take_back_ms = TAKE_BACK_MS};
    return status;
}

static enum status portal_read_password(struct portal *portal, struct error *error)
{
    const char *path = portal->options.mail_password_file;
    struct text text;
    enum status status;

    if (path[0] == '\0')
        return LICET_OK;
    status = file_read(path, MAIL_PASSWORD_BYTES_MAX, &text, error);
    if (status != LICET_OK)
        return status;
    memcpy(portal->mail_password, text.data, text_find(text, '\n'));
    file_free(text);
    return LICET_OK;
}

static struct mail_options portal_mail_options(const struct portal_options *options)
{
    return (struct mail_options){
        .transport = options->mail, .sender = options->mail_from, .site = options->site};
}

enum status portal_check(const struct portal_options *options, struct error *error)
{
    struct mail_options mail = portal_mail_options(options);

    return options->mail[0] == '\0' ? LICET_OK : mail_options_check(&mail, error);
}

static enum status portal_read_mail(struct portal *portal, struct error *error)
{
    const struct portal_options *options = &portal->options;

    if (options->mail[0] == '\0')
        return LICET_OK;
    portal->mail_options = portal_mail_options(options);
    if (options->mail_user[0] != '\0') {
        portal->mail_options.user = options->mail_user;
        portal->mail_options.password = portal->mail_password;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(error, LICET_SYSTEM, "libcurl cannot be used here");
    if (mail_options_check(&portal->mail_options, error) != LICET_OK)
        return LICET_INVALID;
    return portal_read_password(portal, error);
}

/* ---- the store, in the sandbox */

/* The folder in which SQLite keeps its files; "" for PostgreSQL. */
static void portal_folder(const char *database, char ret_folder[PATH_MAX])
{
    const char *path = database + strlen("sqlite:");
    const char *slash;

    ret_folder[0] = '\0';
    if (!text_starts_with(text_of(database), "sqlite:"))
        return;
    slash = strrchr(path, '/');
    if (slash == NULL)
        snprintf(ret_folder, PATH_MAX, ".");
    else
        snprintf(ret_folder, PATH_MAX, "%.*s/", (int)(slash - path), path);
}

/* Order: files before the store has threads; calls after it has loaded what it needs. */
static enum status portal_open_store(struct portal *portal, struct error *error)
{
    const struct portal_options *options = &portal->options;
    char folder[PATH_MAX];
    bool may_connect;
    enum status status;

    portal_folder(options->database, folder);
    may_connect = folder[0] == '\0' || options->vendor[0] != '\0' || options->mail[0] != '\0';
    if (folder[0] == '\0' && text_starts_with(text_of(options->mail), "file:"))
        snprintf(folder, sizeof(folder), "%s", options->mail + strlen("file:"));
    status = sandbox_files(folder[0] == '\0' ? NULL : folder, may_connect ? "/etc" : NULL, error);
    if (status == LICET_OK)
        status = store_open(options->database, &portal->store, error);
    if (status == LICET_OK)
        status = sandbox_calls(may_connect, error);
    return status;
}

static enum status portal_start_threads(struct portal *portal, struct error *error)
{
    enum status status = LICET_OK;

    if (portal->options.vendor[0] != '\0')
        status = issuing_start(portal->store, &portal->issuing_options, &portal->issuing, error);
    if (status == LICET_OK && portal->options.mail[0] != '\0')
        status = mailer_start(portal->store, &portal->mail_options, &portal->mailer, error);
    return status;
}

static void portal_set_hosts(struct portal *portal)
{
    static const char *const own[] = {"localhost", "127.0.0.1", "[::1]"};
    size_t count = 0;

    for (; count < sizeof(own) / sizeof(own[0]); count++)
        portal->hosts[count] = own[count];
    for (uint32_t index = 0; index < portal->options.hosts_count; index++)
        portal->hosts[count++] = portal->options.hosts[index];
}

enum status portal_create(const struct portal_options *options, struct portal **ret_portal,
                          struct error *error)
{
    struct portal *portal = calloc(1, sizeof(*portal));
    enum status status;

    if (portal == NULL)
        return error_set(error, LICET_NO_MEMORY, "no memory is left for the portal");
    portal->options = *options;
    portal->listen_fd = -1;
    portal_set_hosts(portal);
    status = portal_make_routes(portal, error);
    if (status == LICET_OK)
        status = portal_read_trust(portal, error);
    if (status == LICET_OK)
        status = portal_read_mail(portal, error);
    if (status == LICET_OK)
        status = portal_open_store(portal, error);
    /* Order: one that is started twice finds its address taken before it takes the other's fence. */
    if (status == LICET_OK)
        status = portal_listen(portal, error);
    if (status == LICET_OK)
        status = portal_start_threads(portal, error);
    if (status == LICET_OK)
        status =
            http_workers_create(options->workers, QUEUE_MAX, frame_run, &portal->workers, error);
    if (status == LICET_OK)
        status = portal_serve(portal, error);
    if (status != LICET_OK) {
        portal_destroy(portal);
        return status;
    }
    *ret_portal = portal;
    return LICET_OK;
}

void portal_destroy(struct portal *portal)
{
    if (portal == NULL)
        return;
    if (portal->workers != NULL)
        http_workers_stop(portal->workers);
    http_server_destroy(portal->http);
    http_workers_destroy(portal->workers);
    mailer_stop(portal->mailer);
    issuing_stop(portal->issuing);
    if (portal->listen_fd >= 0)
        close(portal->listen_fd);
    store_close(portal->store);
    sodium_memzero(portal->mail_password, sizeof(portal->mail_password));
    free(portal->http_routes);
    free(portal);
}
