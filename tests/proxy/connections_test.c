/* SPDX-License-Identifier: MIT */
/* Proves that connections are shared and counted, and that peers that do not
 * speak the protocol are refused by name. */
#include <fcntl.h>

#include "tests/proxy/fixture.h"
#include "wire/wire.h"

thread_test(one_socket_is_one_connection)
{
	struct fixture *f = *state;
	struct mpr_proxy_conn *again;
	struct mpr_proxy_device *dev;

	assert_int_equal(mpr_proxy_connect_fd(f->sock, &again, NULL), 0);
	assert_ptr_equal(again, f->conn);
	assert_int_equal(counted(&f->counters.hellos), 1);
	assert_int_equal(mpr_proxy_device_open(again, "fake1", &dev, NULL), 0);
	mpr_proxy_write(dev, REGS, 0, 4, 7);
	assert_int_equal(reg(f, 0), 0);
	assert_int_equal(mpr_proxy_read(dev, REGS, 0, 4), 7);
	mpr_proxy_device_close(dev);
	mpr_proxy_disconnect(again);
	assert_int_equal(fcntl(f->sock, F_GETFD), FD_CLOEXEC); /* still open */
	assert_int_equal(reg(f, FAKE_SIZE), 4);
}

thread_test(the_last_one_closes_the_socket)
{
	struct fixture *f = *state;

	mpr_proxy_device_close(f->dev);
	mpr_proxy_disconnect(f->conn);
	assert_int_equal(fcntl(f->sock, F_GETFD), -1);
	assert_int_equal(counted(&f->counters.closes), 1);
	f->dev = NULL;
	f->conn = NULL;
}

thread_test(an_unknown_id_is_refused_and_named)
{
	struct fixture *f = *state;
	struct mpr_proxy_device *dev;
	char *error = NULL;

	assert_int_equal(mpr_proxy_device_open(f->conn, "lsi7", &dev, &error), -ENODEV);
	assert_non_null(strstr(error, "lsi7"));
	free(error);
	/* A refusal costs the other devices nothing. */
	assert_int_equal(reg(f, FAKE_SIZE), 4);
}

thread_test(an_id_of_the_wrong_length_is_not_sent)
{
	struct fixture *f = *state;
	struct mpr_proxy_device *dev;

	assert_int_equal(mpr_proxy_device_open(f->conn, "", &dev, NULL), -EINVAL);
	assert_int_equal(
		mpr_proxy_device_open(f->conn, "12345678901234567890123456789012", &dev, NULL),
		-EINVAL);
	assert_int_equal(reg(f, FAKE_SIZE), 4);
}

UNIT_TEST(a_file_is_no_socket)
{
	struct mpr_proxy_conn *conn;
	char *error = NULL;
	int fd = open("/dev/null", O_RDWR);

	assert_int_equal(mpr_proxy_connect_fd(fd, &conn, &error), -ENOTSOCK);
	assert_non_null(strstr(error, "is no socket"));
	free(error);
	close(fd);
}

UNIT_TEST(a_path_nobody_listens_on_is_named)
{
	struct mpr_proxy_conn *conn;
	char *error = NULL;

	assert_int_equal(mpr_proxy_connect_path("/nonexistent/socket", &conn, &error), -ENOENT);
	assert_non_null(strstr(error, "/nonexistent/socket"));
	free(error);
}

/* Connects to a peer whose answer is waiting already; tells whether it could
 * report DMA. */
static int connect_to(struct mpr_wire_header *header, const void *payload, size_t length,
		      char **error)
{
	struct mpr_proxy_conn *conn;
	int sv[2], ret;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	header->flags = MPR_WIRE_ANSWER;
	assert_int_equal(mpr_wire_send(sv[1], header, payload, length, NULL, 0, 1000), 0);
	ret = mpr_proxy_connect_fd(sv[0], &conn, error);
	if (!ret) {
		ret = mpr_proxy_report_dma(conn);
		mpr_proxy_disconnect(conn);
	} else {
		close(sv[0]);
	}
	close(sv[1]);
	return ret;
}

UNIT_TEST(another_version_is_refused_with_both_named)
{
	struct mpr_wire_hello hello = {.magic = MPR_WIRE_MAGIC, .version_min = 7, .version_max = 9};
	struct mpr_wire_header header;
	char *error = NULL;

	mpr_wire_header_init(&header, MPR_WIRE_HELLO, NULL);
	header.serial = 1;
	assert_int_equal(connect_to(&header, &hello, sizeof(hello), &error), -EPROTONOSUPPORT);
	assert_non_null(strstr(error, "7 to 9"));
	free(error);
}

UNIT_TEST(a_malformed_hello_is_refused)
{
	struct mpr_wire_hello hello = {.magic = 1, .version_min = 1, .version_max = 1};
	struct mpr_wire_header header;
	char *error = NULL;

	mpr_wire_header_init(&header, MPR_WIRE_HELLO, NULL);
	header.serial = 1;
	assert_int_equal(connect_to(&header, &hello, sizeof(hello), &error), -EPROTO);
	assert_non_null(strstr(error, "magic"));
	free(error);
}

UNIT_TEST(an_answer_to_another_question_is_refused)
{
	struct mpr_wire_hello hello = {.magic = MPR_WIRE_MAGIC, .version_min = 1, .version_max = 1};
	struct mpr_wire_header header;
	char *error = NULL;

	mpr_wire_header_init(&header, MPR_WIRE_HELLO, NULL);
	header.serial = 2;
	assert_int_equal(connect_to(&header, &hello, sizeof(hello), &error), -EPROTO);
	assert_non_null(strstr(error, "not asked"));
	free(error);
}

UNIT_TEST(reports_of_dma_need_a_remote_that_knows_them)
{
	struct mpr_wire_hello hello = {.magic = MPR_WIRE_MAGIC, .version_min = 1, .version_max = 1};
	struct mpr_wire_header header;

	mpr_wire_header_init(&header, MPR_WIRE_HELLO, NULL);
	header.serial = 1;
	assert_int_equal(connect_to(&header, &hello, sizeof(hello), NULL), -EOPNOTSUPP);
	hello.features = MPR_FEATURE_REPORT_DMA;
	assert_int_equal(connect_to(&header, &hello, sizeof(hello), NULL), 0);
}

thread_test(reports_of_dma_are_asked_for_by_who_wants_them)
{
	struct fixture *f = *state;

	assert_int_equal(counted(&f->counters.reporting), 0);
	mpr_proxy_device_close(f->dev);
	assert_int_equal(mpr_proxy_report_dma(f->conn), 0);
	assert_int_equal(mpr_proxy_device_open(f->conn, "fake0", &f->dev, NULL), 0);
	assert_int_equal(counted(&f->counters.reporting), 1);
}
