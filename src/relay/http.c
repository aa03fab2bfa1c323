#include "relay/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define BODY_BYTES_MAX (1u << 20)

struct http_client {
	CURL *curl;
	char problem[CURL_ERROR_SIZE];
	size_t body_bytes; /* of the reply */
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode init_code;

static void init_library(void)
{
	init_code = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int http_client_create(struct err *err, struct http_client **ret_client)
{
	pthread_once(&once, init_library);
	struct http_client *c = init_code == CURLE_OK ? calloc(1, sizeof(*c)) : NULL;
	if (c)
		c->curl = curl_easy_init();
	if (!c || !c->curl) {
		http_client_destroy(&c);
		return err_set(err, -ENOMEM, "libcurl cannot be started");
	}
	*ret_client = c;
	return 0;
}

void http_client_destroy(struct http_client **client)
{
	struct http_client *c = *client;
	*client = NULL;
	if (!c)
		return;
	curl_easy_cleanup(c->curl);
	free(c);
}

int http_check_url(const char *url, struct err *err)
{
	CURLU *parsed = curl_url();
	char *scheme = NULL, *user = NULL;
	int r = 0;
	if (!parsed)
		return err_set(err, -ENOMEM, "out of memory");
	bool good = curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
		    curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		    (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
	if (!good)
		r = err_set(err, -EINVAL, "a backend's address begins with http:// or https://");
	else if (curl_url_get(parsed, CURLUPART_USER, &user, 0) == CURLUE_OK)
		r = err_set(err, -EINVAL,
			"a backend's address must not hold a user or password: give a token");
	curl_free(scheme);
	curl_free(user);
	curl_url_cleanup(parsed);
	return r;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *opaque)
{
	struct http_client *c = opaque;
	(void)bytes;
	c->body_bytes += size * count;
	return c->body_bytes > BODY_BYTES_MAX ? 0 : size * count;
}

static int on_progress(void *opaque, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct http_request *request = opaque;
	(void)a, (void)b, (void)c, (void)d;
	return request->cancelled && request->cancelled(request->opaque);
}

static int code_of(CURLcode code)
{
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return -ETIMEDOUT;
	case CURLE_ABORTED_BY_CALLBACK:
		return -ECANCELED;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
		return -ECONNREFUSED;
	case CURLE_OUT_OF_MEMORY:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

static void set_options(struct http_client *c, const struct http_request *request)
{
	CURL *curl = c->curl;
	/* Forgets the last request, keeps its connection. */
	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, request->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, c->problem);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "gantry/" GANTRY_VERSION);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_count);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, (void *)request);
}

static struct curl_slist *make_headers(const struct http_request *request)
{
	struct curl_slist *list = NULL;
	for (int i = 0; i < HTTP_HEADERS_MAX && request->headers[i]; i++) {
		struct curl_slist *more = curl_slist_append(list, request->headers[i]);
		if (!more) {
			curl_slist_free_all(list);
			return NULL;
		}
		list = more;
	}
	return list;
}

int http_post(struct http_client *client, const struct http_request *request, struct err *err,
	int *ret_status)
{
	struct curl_slist *headers = make_headers(request);
	if (request->headers[0] && !headers)
		return err_set(err, -ENOMEM, "out of memory");
	client->body_bytes = 0;
	client->problem[0] = '\0';
	set_options(client, request);
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
	CURLcode code = curl_easy_perform(client->curl);
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	long status = 0;
	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	/* A reply whose body is too long was still a reply. */
	bool replied = code == CURLE_OK ||
		       (code == CURLE_WRITE_ERROR && client->body_bytes > BODY_BYTES_MAX);
	if (!replied)
		return err_set(err, code_of(code), "no reply: %s",
			client->problem[0] ? client->problem : curl_easy_strerror(code));
	*ret_status = (int)status;
	return 0;
}
