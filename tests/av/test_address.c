#include "av/address.h"
#include "test.h"

#include <errno.h>

static void check(const char *url, const char *user, const char *password, const char *address)
{
	char out[ADDRESS_SIZE];
	assert_int_equal(address_complete(url, user, password, out), 0);
	assert_string_equal(out, address);
}

static void credentials_are_encoded(void **state)
{
	(void)state;
	check("rtsp://cam/1", NULL, NULL, "rtsp://cam/1");
	check("rtsp://a:b@cam/1?x=@", NULL, NULL, "rtsp://a:b@cam/1?x=@");
	check("rtsp://admin:p@ss:w rd@cam:554/1", NULL, NULL,
		"rtsp://admin:p%40ss%3Aw%20rd@cam:554/1");
	check("rtsp://a%40b:c%zz@cam", NULL, NULL, "rtsp://a%40b:c%25zz@cam");
	check("rtsp://a@cam", NULL, NULL, "rtsp://a@cam");
	check("rtsp://cam/1", "me", "a/b?c#d%40", "rtsp://me:a%2Fb%3Fc%23d%2540@cam/1");
	check("rtsp://old:secret@cam/1", "me", "new", "rtsp://me:new@cam/1");
	check("rtsp://old:secret@cam/1", NULL, "new", "rtsp://old:new@cam/1");
}

static void what_is_too_long_is_refused(void **state)
{
	(void)state;
	static char url[ADDRESS_SIZE + 8], out[ADDRESS_SIZE];
	memset(url, 'a', sizeof(url) - 1);
	assert_int_equal(address_complete(url, NULL, NULL, out), -ENAMETOOLONG);
	assert_int_equal(address_complete("rtsp://cam", url, "x", out), -ENAMETOOLONG);
}

TEST_MAIN(cmocka_unit_test(credentials_are_encoded), cmocka_unit_test(what_is_too_long_is_refused))
