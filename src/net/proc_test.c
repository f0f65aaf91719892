/* SPDX-License-Identifier: BSD-2-Clause */
/* The texts of net/dev, net/softnet_stat and net/ptype, to the byte; expected
 * ones were written down from files of Linux 6.18 and from the specification. */
#include "net/netfs_fixture.h"

#include "base/stat.h"
#include "net/proc.h"
#include "net/ptype.h"
#include "net/softnet.h"

#define DEV_HEAD                                                                                   \
	"Inter-|   Receive                                                |  Transmit\n"           \
	" face |bytes    packets errs drop fifo frame compressed multicast|"                       \
	"bytes    packets errs drop fifo colls carrier compressed\n"
#define WIDEST 18446744073709551615u

static const struct {
	const char *name;
	struct vn_device_stats stats;
	const char *line;
} dev_lines[] = {
	{ "lo",
	  { .rx_bytes = 3267, .rx_packets = 29, .tx_bytes = 3267, .tx_packets = 29 },
	  "    lo:    3267      29    0    0    0     0          0         0     3267      29    "
	  "0    0    0     0       0          0\n" },
	{ "eth0", /* a sum of which each part is another power of ten */
	  { .rx_bytes = 1,
	    .rx_packets = 2,
	    .rx_errors = 3,
	    .rx_dropped = 4,
	    .rx_missed_errors = 50,
	    .rx_fifo_errors = 5,
	    .rx_length_errors = 1,
	    .rx_over_errors = 20,
	    .rx_crc_errors = 300,
	    .rx_frame_errors = 4000,
	    .rx_compressed = 6,
	    .multicast = 7,
	    .tx_bytes = 8,
	    .tx_packets = 9,
	    .tx_errors = 10,
	    .tx_dropped = 11,
	    .tx_fifo_errors = 12,
	    .collisions = 13,
	    .tx_carrier_errors = 1,
	    .tx_aborted_errors = 20,
	    .tx_window_errors = 300,
	    .tx_heartbeat_errors = 4000,
	    .tx_compressed = 14,
	    .rx_nohandler = 99 }, /* not shown here */
	  "  eth0:       1       2    3   54    5  4321          6         7        8       9   "
	  "10   11   12    13    4321         14\n" },
	{ "abcdef",
	  { .rx_bytes = 9999999, .rx_packets = 10000000, .tx_errors = 9999, .tx_dropped = 10000 },
	  "abcdef: 9999999 10000000    0    0    0     0          0         0        0       0 "
	  "9999 10000    0     0       0          0\n" },
	{ "fifteen-letters",
	  { .rx_bytes = WIDEST, .multicast = WIDEST, .tx_compressed = WIDEST },
	  "fifteen-letters: 18446744073709551615       0    0    0    0     0          0 "
	  "18446744073709551615        0       0    0    0    0     0       0 "
	  "18446744073709551615\n" },
};

static void lines_of_dev(void **state)
{
	char buf[512];
	struct vn_text t;

	for (size_t i = 0; i < VN_ARRAY_SIZE(dev_lines); i++) {
		vn_text_init(&t, buf, sizeof(buf));
		vn_proc_dev_line(&t, dev_lines[i].name, &dev_lines[i].stats);
		assert_string_equal(buf, dev_lines[i].line);
	}
}

static void dev_has_all_devices_by_index(void **state)
{
	struct bed *b = bed_open();
	struct fake *f;
	char want[2048] = DEV_HEAD;

	strcat(want, "    lo:       0       0    0    0    0     0          0         0        0   "
		     "    0    0    0    0     0       0          0\n");
	assert_string_equal(bed_read(b, "net/dev"), want);
	for (size_t i = 1; i < VN_ARRAY_SIZE(dev_lines); i++) {
		f = bed_add(b, &(struct vn_device_info){ .name = dev_lines[i].name }, false);
		f->stats = dev_lines[i].stats;
		strcat(want, dev_lines[i].line);
	}
	assert_string_equal(bed_read(b, "net/dev"), want);
	bed_close(b);
}

static void what_the_core_counts_is_added(void **state)
{
	struct bed *b = bed_open();
	struct fake *f = bed_add(b, &(struct vn_device_info){ .name = "sim0" }, false);

	f->stats.rx_dropped = 100;
	f->stats.tx_dropped = 200;
	f->dev.core.rx_dropped = 1;
	f->dev.core.tx_dropped = 2;
	f->dev.core.rx_nohandler = 3;
	assert_non_null(strstr(bed_read(b, "net/dev"),
			       "  sim0:       0       0    0  101    0     0          0         0"
			       "        0       0    0  202    0     0       0          0\n"));
	assert_string_equal(bed_read(b, DEV "sim0/statistics/rx_dropped"), "101\n");
	assert_string_equal(bed_read(b, DEV "sim0/statistics/tx_dropped"), "202\n");
	assert_string_equal(bed_read(b, DEV "sim0/statistics/rx_nohandler"), "3\n");
	bed_close(b);
}

#define ZEROS_5 "00000000 00000000 00000000 00000000 00000000"

static void softnet_stat_has_a_line_of_fifteen_for_each_cpu(void **state)
{
	struct bed *b = bed_open();
	struct vn_softnet *s = &b->net->softnet[1];

	assert_string_equal(bed_read(b, "net/softnet_stat"),
			    ZEROS_5 " " ZEROS_5 " " ZEROS_5 "\n" ZEROS_5 " " ZEROS_5
				    " 00000000 00000000 00000001 00000000 00000000\n");
	vn_stat_set(&s->processed, 0x1234567890abcdefull); /* its low half */
	vn_stat_set(&s->dropped, 2);
	vn_stat_set(&s->time_squeeze, 0x30);
	vn_stat_set(&s->received_rps, 0xa);
	s->input.len = 0x10;
	s->process.len = 0xf;
	assert_string_equal(
		bed_read(b, "net/softnet_stat"),
		ZEROS_5 " " ZEROS_5 " " ZEROS_5 "\n"
			"90abcdef 00000002 00000030 00000000 00000000 00000000 00000000 00000000 "
			"00000000 0000000a 00000000 0000001f 00000001 00000010 0000000f\n");
	s->input.len = s->process.len = 0;
	bed_close(b);
}

static void packets_that_wait_are_counted(void **state)
{
	struct bed *b = bed_open();
	struct vn_file_info info;
	uint64_t node = bed_find(b, "net/softnet_stat", &info);

	vn_net_on_cpu(b->net, 0);
	for (unsigned int i = 0; i < 3; i++) {
		struct vn_skb *skb = vn_skb_new(b->net, 60);

		memset(skb->data, 0, 60);
		skb->dev = b->net->loopback;
		assert_int_equal(vn_netif_rx(b->net, skb), VN_RX_SUCCESS);
	}
	bed_read_node(b, node);
	assert_string_equal(b->text, ZEROS_5
			    " " ZEROS_5 " 00000000 00000003 00000000 00000003 00000000\n" ZEROS_5
			    " " ZEROS_5 " 00000000 00000000 00000001 00000000 00000000\n");
	bed_read_node(b, node); /* the lock's end ran the net: they are through */
	assert_memory_equal(b->text, "00000003 00000000", 17);
	assert_non_null(strstr(b->text, " 00000000 00000000 00000000 00000000\n"));
	bed_close(b);
}

static void take_nothing(void *arg, const struct vn_rx_pkt *pkts, unsigned int n)
{
}

#define PTYPE(name_, type_, dev_)                                                                  \
	{                                                                                          \
		.type = type_, .dev = dev_, .name = name_, .func = take_nothing                    \
	}

static void ptype_lists_handlers_in_order(void **state)
{
	struct bed *b = bed_open();
	struct fake *f = bed_add(b, &(struct vn_device_info){ .name = "fifteen-letters" }, false);
	struct vn_device *lo = b->net->loopback;
	struct vn_ptype handlers[] = {
		PTYPE("ipv6_rcv", 0x86dd, NULL), PTYPE("arp_rcv", 0x0806, NULL),
		PTYPE("llc_rcv", 0x0004, NULL),	 PTYPE("ip_rcv", 0x0800, NULL),
		PTYPE("ours", 0x88b5, NULL),	 PTYPE("hidden", 0x0800, lo),
		PTYPE("packet_rcv", 3, &f->dev), PTYPE("packet_rcv", 3, lo),
		PTYPE("first", 3, NULL),	 PTYPE("last [tap]", 3, NULL),
		PTYPE("later", 0x0810, NULL),
	};

	assert_string_equal(bed_read(b, "net/ptype"), "Type Device      Function\n");
	for (size_t i = 0; i < VN_ARRAY_SIZE(handlers); i++)
		vn_ptype_add(b->net, &handlers[i]);
	assert_string_equal(bed_read(b, "net/ptype"), "Type Device      Function\n"
						      "ALL  lo       packet_rcv\n"
						      "ALL  fifteen-letters packet_rcv\n"
						      "ALL           last [tap]\n"
						      "ALL           first\n"
						      "0810          later\n"
						      "0800          ip_rcv\n"
						      "0004          llc_rcv\n"
						      "88b5          ours\n"
						      "0806          arp_rcv\n"
						      "86dd          ipv6_rcv\n");
	for (size_t i = 0; i < VN_ARRAY_SIZE(handlers); i++)
		vn_ptype_remove(b->net, &handlers[i]);
	assert_string_equal(bed_read(b, "net/ptype"), "Type Device      Function\n");
	bed_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_dev),
		cmocka_unit_test(dev_has_all_devices_by_index),
		cmocka_unit_test(what_the_core_counts_is_added),
		cmocka_unit_test(softnet_stat_has_a_line_of_fifteen_for_each_cpu),
		cmocka_unit_test(packets_that_wait_are_counted),
		cmocka_unit_test(ptype_lists_handlers_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
