/*
 * Somebody else's RTSP server as a program for tests: GStreamer's, over a file that is played once
 * for each run of viewers. What ours and libav's client agree on by mistake, it does not.
 *
 *     gst-server FILE.mp4 [--port N] [--digest USER:PASSWORD] [--tls CERTIFICATE.pem]
 *
 * Prints the stream's URL in one line as soon as it listens, and runs until it is killed. With
 * --tls (certificate and key in one file) it is an rtsps server.
 */
#include <gst/rtsp-server/rtsp-server.h>

struct options {
	gchar *port, *digest, *tls;
	gchar **files;
};

static int complain(const char *what, const GError *error)
{
	g_printerr("gst-server: %s%s%s\n", what, error ? ": " : "", error ? error->message : "");
	return 2;
}

static int read_options(int argc, char **argv, struct options *options)
{
	const GOptionEntry entries[] = {
		{"port", 0, 0, G_OPTION_ARG_STRING, &options->port, NULL, NULL},
		{"digest", 0, 0, G_OPTION_ARG_STRING, &options->digest, NULL, NULL},
		{"tls", 0, 0, G_OPTION_ARG_FILENAME, &options->tls, NULL, NULL},
		{G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->files, NULL,
			NULL},
		{0},
	};
	GError *error = NULL;
	GOptionContext *context = g_option_context_new("FILE.mp4");
	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_add_group(context, gst_init_get_option_group());
	gboolean good = g_option_context_parse(context, &argc, &argv, &error);
	g_option_context_free(context);
	if (!good)
		return complain("options", error);
	return options->files && options->files[0] ? 0 : complain("needs FILE.mp4", NULL);
}

/* Who knows the password may watch, or everybody where there is none. */
static void admit(GstRTSPMediaFactory *factory, GstRTSPAuth *auth, const char *digest)
{
	GstRTSPToken *token = gst_rtsp_token_new(
		GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, "viewer", NULL);
	gst_rtsp_media_factory_add_role(factory, "viewer", GST_RTSP_PERM_MEDIA_FACTORY_ACCESS,
		G_TYPE_BOOLEAN, TRUE, GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT, G_TYPE_BOOLEAN, TRUE,
		NULL);
	if (digest) {
		gchar **parts = g_strsplit(digest, ":", 2);
		gst_rtsp_auth_set_supported_methods(auth, GST_RTSP_AUTH_DIGEST);
		gst_rtsp_auth_add_digest(auth, parts[0], parts[1], token);
		g_strfreev(parts);
	} else {
		gst_rtsp_auth_set_default_token(auth, token);
	}
	gst_rtsp_token_unref(token);
}

static int secure(
	GstRTSPServer *server, GstRTSPMediaFactory *factory, const struct options *options)
{
	GError *error = NULL;
	GstRTSPAuth *auth = gst_rtsp_auth_new();
	admit(factory, auth, options->digest);
	if (options->tls) {
		GTlsCertificate *certificate =
			g_tls_certificate_new_from_file(options->tls, &error);
		if (!certificate)
			return complain("certificate", error);
		gst_rtsp_auth_set_tls_certificate(auth, certificate);
		g_object_unref(certificate);
	}
	if (options->digest || options->tls)
		gst_rtsp_server_set_auth(server, auth);
	g_object_unref(auth);
	return 0;
}

static GstRTSPMediaFactory *make_factory(const char *file)
{
	GstRTSPMediaFactory *factory = gst_rtsp_media_factory_new();
	gchar *launch = g_strdup_printf(
		"( filesrc location=\"%s\" ! qtdemux ! rtph264pay name=pay0 pt=96 )", file);
	gst_rtsp_media_factory_set_launch(factory, launch);
	gst_rtsp_media_factory_set_shared(factory, TRUE);
	g_free(launch);
	return factory;
}

int main(int argc, char **argv)
{
	struct options options = {0};
	int code = read_options(argc, argv, &options);
	if (code != 0)
		return code;
	GMainLoop *loop = g_main_loop_new(NULL, FALSE);
	GstRTSPServer *server = gst_rtsp_server_new();
	GstRTSPMediaFactory *factory = make_factory(options.files[0]);
	gst_rtsp_server_set_address(server, "127.0.0.1");
	gst_rtsp_server_set_service(server, options.port ? options.port : "0");
	code = secure(server, factory, &options);
	if (code != 0)
		return code;
	GstRTSPMountPoints *mounts = gst_rtsp_server_get_mount_points(server);
	gst_rtsp_mount_points_add_factory(mounts, "/cam", factory);
	g_object_unref(mounts);
	if (gst_rtsp_server_attach(server, NULL) == 0)
		return complain("cannot listen", NULL);
	g_print("rtsp%s://127.0.0.1:%d/cam\n", options.tls ? "s" : "",
		gst_rtsp_server_get_bound_port(server));
	g_main_loop_run(loop);
	return 0;
}
