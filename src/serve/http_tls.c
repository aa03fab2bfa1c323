#include "serve/http_tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

/* What a context was made of that serves nobody: libssl checks there that all of it fits. */
struct http_identity {
	SSL_CTX *ctx;
};

struct http_tls {
	SSL_CTX *ctx; /* libwebsockets' */
	struct http_identity *shown; /* NULL: what the context began with */
};

/* Asked for at each handshake. 1: go on; 0: fail. */
static int show(SSL *ssl, void *opaque)
{
	const struct http_tls *tls = opaque;
	if (!tls->shown)
		return 1;
	SSL_CTX *ctx = tls->shown->ctx;
	STACK_OF(X509) *chain = NULL;
	if (SSL_CTX_get0_chain_certs(ctx, &chain) != 1)
		return 0;
	/* Those of another kind of key would be preferred by some clients. */
	SSL_certs_clear(ssl);
	return SSL_use_cert_and_key(
		ssl, SSL_CTX_get0_certificate(ctx), SSL_CTX_get0_privatekey(ctx), chain, 1);
}

int http_tls_create(void *ssl_ctx, struct http_tls **ret_tls)
{
	struct http_tls *tls = calloc(1, sizeof(*tls));
	if (!tls)
		return -ENOMEM;
	tls->ctx = ssl_ctx;
	SSL_CTX_set_cert_cb(tls->ctx, show, tls);
	*ret_tls = tls;
	return 0;
}

void http_tls_destroy(struct http_tls **tls)
{
	struct http_tls *t = *tls;
	*tls = NULL;
	if (!t)
		return;
	http_tls_unload(&t->shown);
	free(t);
}

/* A key with a pass phrase: nobody is asked for it. */
static int no_phrase(char *text, int size, int writing, void *opaque)
{
	(void)text;
	(void)size;
	(void)writing;
	(void)opaque;
	return 0;
}

static int fail(const char *path, struct err *err)
{
	char why[200];
	ERR_error_string_n(ERR_peek_error(), why, sizeof(why));
	ERR_clear_error();
	return err_set(err, -EINVAL, "%s: %s", path, why);
}

static int load(SSL_CTX *ctx, const char *certificate, const char *key, struct err *err)
{
	SSL_CTX_set_default_passwd_cb(ctx, no_phrase);
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(ctx, certificate) != 1)
		return fail(certificate, err);
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1 ||
		SSL_CTX_check_private_key(ctx) != 1)
		return fail(key, err);
	return 0;
}

int http_tls_load(const char *certificate, const char *key, struct err *err,
	struct http_identity **ret_identity)
{
	struct http_identity *identity = calloc(1, sizeof(*identity));
	if (!identity)
		return err_set(err, -ENOMEM, "out of memory");
	identity->ctx = SSL_CTX_new(TLS_server_method());
	int r = identity->ctx ? load(identity->ctx, certificate, key, err)
			      : err_set(err, -ENOMEM, "out of memory");
	if (r < 0)
		http_tls_unload(&identity);
	else
		*ret_identity = identity;
	return r;
}

void http_tls_unload(struct http_identity **identity)
{
	struct http_identity *i = *identity;
	*identity = NULL;
	if (!i)
		return;
	SSL_CTX_free(i->ctx);
	free(i);
}

void http_tls_show(struct http_tls *tls, struct http_identity **identity)
{
	http_tls_unload(&tls->shown);
	tls->shown = *identity;
	*identity = NULL;
}
