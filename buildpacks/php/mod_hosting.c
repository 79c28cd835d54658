/*
 * Apache behind the edge: listens on a unix socket, which Apache 2.4 cannot do by itself, and believes what the edge says about the
 * visitor: address (X-Real-IP) and scheme (X-Forwarded-Proto). `HostingSocket PATH` takes the place of `Listen`.
 * Who reaches the socket is decided by the directory it lies in, so whoever does is the edge.
 */
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "ap_listen.h"
#include "http_config.h"
#include "http_core.h"
#include "http_log.h"
#include "http_protocol.h"
#include "httpd.h"
#include "mod_ssl.h"
#include "unixd.h"

module AP_MODULE_DECLARE_DATA hosting_module;

static const char *socket_path;
static const char *const https_note = "hosting-https";

/* Not with APR's own calls: APR unlinks the path when it closes the socket, and so would each child that ends. */
static int listen_on(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    apr_cpystrn(address.sun_path, path, sizeof(address.sun_path));
    /* An instance that was killed leaves its socket. */
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || chmod(path, 0666) != 0 || listen(fd, 511) != 0)
        return -1;
    return fd;
}

static int open_socket(apr_pool_t *pool, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    /* Apache closes the first reading's listener in the second, when what was allocated for a reading is gone: it lives with the process. */
    apr_pool_t *lasting = server->process->pool;
    ap_listen_rec *listener = apr_pcalloc(lasting, sizeof(*listener));
    apr_os_sock_info_t info = {.family = APR_UNIX, .type = SOCK_STREAM};
    int fd;

    if (!socket_path)
        return OK;
    /* The configuration is read twice. Once something listens at the socket, its folder is closed: the first time is elsewhere. */
    fd = listen_on(ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG ? "/tmp/first.sock" : socket_path);
    if (fd < 0 || apr_sockaddr_info_get(&listener->bind_addr, socket_path, APR_UNIX, 0, 0, lasting) != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, errno, server, "cannot listen on %s", socket_path);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    info.os_sock = &fd;
    info.local = (struct sockaddr *)&listener->bind_addr->sa;
    apr_os_sock_make(&listener->sd, &info, lasting);
    listener->accept_func = ap_unixd_accept;
    listener->active = 1;
    listener->next = ap_listeners;
    ap_listeners = listener;
    return OK;
}

/* As mod_remoteip does, for a peer that has no address itself. */
static void believe_address(request_rec *r)
{
    const char *address = apr_table_get(r->headers_in, "X-Real-IP");
    apr_sockaddr_t *parsed;

    /* Digits, hexadecimal ones, points and colons: a name would be looked up. */
    if (!address || address[strspn(address, "0123456789abcdefABCDEF.:")] != '\0')
        address = "127.0.0.1";
    if (apr_sockaddr_info_get(&parsed, address, APR_UNSPEC, 0, 0, r->pool) != APR_SUCCESS)
        return;
    r->useragent_addr = parsed;
    apr_sockaddr_ip_get(&r->useragent_ip, parsed);
}

static int read_visitor(request_rec *r)
{
    const char *scheme = apr_table_get(r->headers_in, "X-Forwarded-Proto");

    believe_address(r);
    /* The edge opens a connection for each request, so what is true of one is true of the other. */
    if (scheme && strcmp(scheme, "https") == 0) {
        apr_table_setn(r->connection->notes, https_note, "on");
        apr_table_setn(r->subprocess_env, "HTTPS", "on");
    } else {
        apr_table_unset(r->connection->notes, https_note);
    }
    return DECLINED;
}

/* What %{HTTPS} of mod_rewrite asks: without it, a rule that redirects to https would go round for ever. */
static int ssl_is_https(conn_rec *connection)
{
    return apr_table_get(connection->notes, https_note) != NULL;
}

static const char *scheme_of(const request_rec *r)
{
    return ssl_is_https(r->connection) ? "https" : NULL;
}

static apr_port_t port_of(const request_rec *r)
{
    return ssl_is_https(r->connection) ? 443 : 0;
}

static void register_hooks(apr_pool_t *pool)
{
    static const char *const before_mpm[] = {"prefork.c", NULL};

    /* The MPM opens what is in the list of listeners by then, and wants at least one. */
    ap_hook_open_logs(open_socket, NULL, before_mpm, APR_HOOK_REALLY_FIRST);
    ap_hook_post_read_request(read_visitor, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_http_scheme(scheme_of, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_default_port(port_of, NULL, NULL, APR_HOOK_FIRST);
    APR_REGISTER_OPTIONAL_FN(ssl_is_https);
}

static const char *set_socket(cmd_parms *cmd, void *unused, const char *path)
{
    socket_path = path;
    return ap_check_cmd_context(cmd, GLOBAL_ONLY);
}

static const command_rec directives[] = {
    AP_INIT_TAKE1("HostingSocket", set_socket, NULL, RSRC_CONF, "Path of the unix socket to listen on"),
    {NULL},
};

AP_DECLARE_MODULE(hosting) = {STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, directives, register_hooks};
