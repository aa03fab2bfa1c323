/*
 * The certificate that is shown, and how it is replaced while the server runs. The only door to
 * libssl; the handshakes are libwebsockets'.
 *
 *     struct http_tls *tls;                                    // of the context's first
 * certificate http_tls_create(ssl_ctx, &tls); http_tls_load("cert.pem", "key.pem", &err,
 * &identity);   // any thread http_tls_show(tls, &identity);                           // service
 * thread: from now on this one
 *
 * Connections that are open keep what they were shown. Threads: as said. Memory: a certificate.
 */
#pragma once

#include "base/err.h"

struct http_tls;
struct http_identity;

/* `ssl_ctx` (an SSL_CTX) is libwebsockets', which lives longer. -ENOMEM. */
int http_tls_create(void *ssl_ctx, struct http_tls **ret_tls);
void http_tls_destroy(struct http_tls **tls);

/* Certificate, chain and key from PEM files. -EINVAL with the reason where they cannot be read, or
 * do not fit each other. */
int http_tls_load(const char *certificate, const char *key, struct err *err,
	struct http_identity **ret_identity);
/* NULL is fine. */
void http_tls_unload(struct http_identity **identity);
/* Takes it. */
void http_tls_show(struct http_tls *tls, struct http_identity **identity);
