/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Flows and their associations: when one is looked up, what it does to the
 * length of packets, how long it is kept. Associations come from a source made
 * here, which also writes down what it is told to count.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "packet/builder.h"
#include "packet/sa.h"
#include "wire/csum.h"

#define CAP 4096
#define GUARD 0xa5

#define NULL_ESP "src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x100 enc cipher_null ''"
#define CBC_ESP "src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x100 " \
		"auth sha1 0x0123456789abcdef0123456789abcdef01234567 " \
		"enc aes 0x0123456789abcdef0123456789abcdef"
#define TUNNEL "src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x200 mode tunnel enc cipher_null ''"
#define AH "src 10.0.0.1 dst 10.0.0.2 proto ah spi 0x300 " \
	   "auth sha1 0x0123456789abcdef0123456789abcdef01234567"

struct fixture {
	struct vn_stream s;
	struct vn_builder b;
	struct vn_frame f;
	struct vn_sa_source source;
	const char *sas;       /* what the source has */
	unsigned int n_loads;
	int load_rc;
	uint64_t bytes, packets;
	uint32_t spi;          /* of the association counted last */
	uint32_t seq;
	struct vn_err err;
	uint8_t memory[CAP];
};

static int load(void *arg, struct vn_sa_db *db, struct vn_err *err)
{
	struct fixture *x = arg;

	x->n_loads++;
	if (x->load_rc)
		return vn_err_set(err, -x->load_rc, "the source is dry");
	return vn_sa_parse(x->sas, strlen(x->sas), "test", db, err);
}

static void account(void *arg, const struct vn_sa *sa, uint64_t bytes, uint64_t packets)
{
	struct fixture *x = arg;

	x->bytes += bytes;
	x->packets += packets;
	x->spi = sa->spi;
}

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	x->source = (struct vn_sa_source){ .load = load, .account = account, .arg = x };
	x->sas = NULL_ESP;
	x->seq = 1;
	x->f = (struct vn_frame){ .data = x->memory, .cap = CAP };
	vn_stream_init(&x->s);
	vn_stream_seed(&x->s, 1, 0);
	snprintf(x->s.cfg.dst_min, sizeof(x->s.cfg.dst_min), "10.0.0.2");
	x->s.cfg.min_pkt_size = x->s.cfg.max_pkt_size = 100;
	x->s.cfg.flags |= VN_FLAG_IPSEC;
	x->s.cfg.flows = 1;
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	vn_stream_fini(&x->s);
	free(x);
	return 0;
}

static int begin(struct fixture *x)
{
	const struct vn_stream_env env = {
		.mac = { 2, 0, 0, 0, 0, 1 }, .ipv4 = 0x0a000001, .n_txq = 1, .sas = &x->source,
	};
	int rc = vn_stream_begin(&x->s, &env, &x->err);

	return rc < 0 ? rc : vn_builder_compile(&x->b, &x->s, &x->err);
}

static void must_begin(struct fixture *x)
{
	if (begin(x) < 0)
		fail_msg("%s", x->err.text);
}

/* Builds the next frame; whether it was transformed is its protocol. */
static uint8_t build(struct fixture *x)
{
	memset(x->memory + x->b.max_len, GUARD, CAP - x->b.max_len);
	vn_builder_fill(&x->b, &x->f, 1, x->seq++, 0);
	assert_true(x->f.len <= x->b.max_len);
	assert_int_equal(x->memory[x->b.max_len], GUARD);
	return x->f.data[x->b.l3 + VN_IPV4_PROTO];
}

static void expect(struct fixture *x, uint8_t proto, uint32_t len)
{
	assert_int_equal(build(x), proto);
	assert_int_equal(x->f.len, len);
}

static void a_flow_that_begins_finds_its_association(void **state)
{
	struct fixture *x = *state;

	must_begin(x);
	assert_int_equal(x->n_loads, 1);
	assert_int_equal(x->b.max_batch, 1);
	assert_int_equal(x->s.cur.pkt_overhead, 0);
	expect(x, 50, 14 + 20 + 8 + 60); /* 100 - 8 and padding and trailer */
	assert_int_equal(x->s.cur.pkt_overhead, 8);
	assert_int_equal(x->f.content, 0);
	expect(x, 50, 102);
}

static void without_associations_packets_go_out_in_clear_and_in_batches(void **state)
{
	struct fixture *x = *state;

	x->sas = "";
	must_begin(x);
	assert_int_equal(x->n_loads, 1);
	assert_int_equal(x->b.max_batch, VN_BATCH);
	expect(x, 17, 100);
	x->source.load = NULL; /* not asked when there is nothing to ask for */
	x->s.cfg.flags &= ~VN_FLAG_IPSEC;
	must_begin(x);
	x->s.cfg.flags |= VN_FLAG_IPSEC | VN_FLAG_IPV6;
	must_begin(x);
	x->s.cfg.flags &= ~VN_FLAG_IPV6;
	x->s.cfg.flows = 0;
	must_begin(x);
	assert_int_equal(x->n_loads, 1);
}

static void a_stream_without_a_source_has_no_associations(void **state)
{
	static const struct vn_stream_env env = { .ipv4 = 0x0a000001, .n_txq = 1 };
	struct fixture *x = *state;

	assert_int_equal(vn_stream_begin(&x->s, &env, &x->err), 0);
	assert_int_equal(vn_builder_compile(&x->b, &x->s, &x->err), 0);
	assert_int_equal(x->b.max_batch, VN_BATCH);
	expect(x, 17, 100);
	vn_stream_account(&x->s);
}

/* Recorded as ipsec_transport_flows: the association found for one flow
 * shortens the packets of all. */
static void the_overhead_is_the_streams(void **state)
{
	static const struct {
		uint8_t proto;
		uint32_t len;
	} want[] = { { 17, 100 }, { 17, 100 }, { 50, 118 }, { 17, 76 }, { 17, 76 }, { 50, 118 } };
	struct fixture *x = *state;
	unsigned int i;

	x->sas = CBC_ESP;
	x->s.cfg.flows = 3;
	x->s.cfg.flowlen = 1;
	x->s.cfg.flags |= VN_FLAG_FLOW_SEQ;
	snprintf(x->s.cfg.dst_max, sizeof(x->s.cfg.dst_max), "10.0.0.4");
	must_begin(x);
	for (i = 0; i < 6; i++)
		expect(x, want[i].proto, want[i].len);
}

/* Recorded as ipsec_null_second_run: nothing is looked up, the overhead is 0. */
static void a_second_run_keeps_what_it_has_and_forgets_its_overhead(void **state)
{
	struct fixture *x = *state;

	must_begin(x);
	expect(x, 50, 102);
	x->sas = ""; /* held all the same */
	must_begin(x);
	expect(x, 50, 14 + 20 + 8 + 68);
	assert_int_equal(x->s.cur.pkt_overhead, 0);
	vn_stream_account(&x->s);
	assert_int_equal(x->packets, 2);
}

/* The place in the table keeps it, whatever destination begins there next. */
static void a_place_keeps_its_association_for_later_flows(void **state)
{
	struct fixture *x = *state;
	unsigned int i;

	x->s.cfg.flowlen = 1;
	x->s.cfg.flags |= VN_FLAG_FLOW_SEQ;
	snprintf(x->s.cfg.dst_max, sizeof(x->s.cfg.dst_max), "10.0.0.3");
	must_begin(x); /* 10.0.0.3, .2, .3, ... */
	assert_int_equal(build(x), 17);
	for (i = 0; i < 4; i++)
		assert_int_equal(build(x), 50);
}

static void an_spi_finds_any_mode_and_protocol(void **state)
{
	struct fixture *x = *state;

	x->sas = NULL_ESP "\n" TUNNEL "\n" AH "\n";
	x->s.cfg.spi = 0x300;
	must_begin(x);
	expect(x, 51, 100);
	teardown(state);

	setup(state);
	x = *state;
	x->sas = NULL_ESP "\n" TUNNEL "\n" AH "\n";
	x->s.cfg.spi = 0x200;
	must_begin(x);
	expect(x, 50, 14 + 20 + 8 + 60);
	assert_int_equal(vn_get_be32(x->f.data + 14 + VN_IPV4_DST), 0xc0000202);
	/* held, but without the spi the kernel leaves tunnels alone */
	x->s.cfg.spi = 0;
	x->s.generation++;
	assert_int_equal(vn_builder_compile(&x->b, &x->s, &x->err), 0);
	assert_int_equal(build(x), 17);
	teardown(state);

	setup(state);
	x = *state;
	x->s.cfg.spi = 999;
	must_begin(x);
	expect(x, 17, 100);
}

static void the_first_of_several_is_taken(void **state)
{
	struct fixture *x = *state;

	x->sas = AH "\n" NULL_ESP "\n" CBC_ESP "\n";
	must_begin(x);
	expect(x, 50, 102);
}

static void what_went_through_is_told_once(void **state)
{
	struct fixture *x = *state;

	x->sas = CBC_ESP;
	must_begin(x);
	vn_stream_account(&x->s);
	assert_int_equal(x->packets, 0);
	build(x);
	build(x);
	vn_stream_account(&x->s);
	assert_int_equal(x->packets, 2);
	assert_int_equal(x->bytes, 2 * 104);
	assert_int_equal(x->spi, 0x100);
	vn_stream_account(&x->s);
	assert_int_equal(x->packets, 2);
	x->source.account = NULL;
	build(x);
	vn_stream_account(&x->s);
}

static void sizes_that_vary_stay_within_the_frame(void **state)
{
	struct fixture *x = *state;
	unsigned int i;

	x->sas = CBC_ESP;
	x->s.cfg.min_pkt_size = 42;
	x->s.cfg.max_pkt_size = 300;
	must_begin(x);
	for (i = 0; i < 1000; i++)
		assert_int_equal(build(x), 50);
	x->s.cfg.min_pkt_size = x->s.cfg.max_pkt_size = 60;
	vn_imix_add(&x->s.imix, 60, 1);
	vn_imix_add(&x->s.imix, 1500, 1);
	vn_imix_fill(&x->s.imix);
	must_begin(x);
	for (i = 0; i < 1000; i++)
		assert_int_equal(build(x), 50);
}

/* What a transformed frame left in memory is not taken for the template. */
static void a_frame_in_clear_behind_a_transformed_one_is_clean(void **state)
{
	static const uint8_t zero[60];
	struct fixture *x = *state;

	must_begin(x);
	build(x);
	x->s.cfg.flags &= ~VN_FLAG_IPSEC;
	must_begin(x);
	expect(x, 17, 100);
	assert_int_equal(vn_get_be32(x->f.data + 42), VN_PGH_MAGIC_US);
	assert_memory_equal(x->f.data + 58, zero, 42);
}

static void transformed_packets_are_in_one_piece(void **state)
{
	struct fixture *x = *state;

	x->s.cfg.frags = 3;
	must_begin(x);
	assert_int_equal(vn_stream_nr_frags(&x->s), 3);
	build(x);
	assert_int_equal(vn_stream_nr_frags(&x->s), 1);
}

static void tags_and_labels_are_refused_if_there_are_associations(void **state)
{
	struct fixture *x = *state;

	x->s.cfg.vlan_id = 5;
	assert_int_equal(begin(x), -EOPNOTSUPP);
	assert_non_null(strstr(x->err.text, "VLAN"));
	x->s.cfg.vlan_id = VN_VLAN_OFF;
	x->s.cfg.n_labels = 1;
	assert_int_equal(begin(x), -EOPNOTSUPP);
	x->sas = "";
	must_begin(x);
	expect(x, 17, 100);
}

static void what_cannot_be_used_matters_only_where_it_could_apply(void **state)
{
	struct fixture *x = *state;

	x->sas = "src 10.0.0.1 dst 10.0.0.3 proto esp spi 5 enc cipher_null '' flag esn\n" NULL_ESP;
	must_begin(x);
	expect(x, 50, 102);
	snprintf(x->s.cfg.dst_max, sizeof(x->s.cfg.dst_max), "10.0.0.9");
	assert_int_equal(begin(x), -EOPNOTSUPP);
	assert_string_equal(x->err.text, "association 10.0.0.1 > 10.0.0.3 esp spi 0x5: "
					 "flag esn is not supported");
	x->s.cfg.spi = 0x100;
	must_begin(x);
	x->s.cfg.spi = 5;
	assert_int_equal(begin(x), -EOPNOTSUPP);
}

static void the_source_says_why_a_run_does_not_begin(void **state)
{
	struct fixture *x = *state;

	x->load_rc = -EPERM;
	assert_int_equal(begin(x), -EPERM);
	assert_string_equal(x->err.text, "the source is dry");
	x->load_rc = 0;
	must_begin(x);
	expect(x, 50, 102);
}

static void a_flag_set_during_a_run_loads_then(void **state)
{
	struct fixture *x = *state;

	x->s.cfg.flags &= ~VN_FLAG_IPSEC;
	must_begin(x);
	expect(x, 17, 100);
	assert_int_equal(x->n_loads, 0);
	x->s.cfg.flags |= VN_FLAG_IPSEC;
	assert_int_equal(vn_builder_compile(&x->b, &x->s, &x->err), 0);
	assert_int_equal(x->n_loads, 1);
	assert_int_equal(build(x), 50); /* flowlen 0: every packet begins the flow anew */
	assert_int_equal(build(x), 50);
	assert_int_equal(vn_builder_compile(&x->b, &x->s, &x->err), 0);
	assert_int_equal(x->n_loads, 1);
}

static void more_flows_during_a_run_have_their_places(void **state)
{
	struct fixture *x = *state;
	unsigned int i;

	must_begin(x);
	build(x);
	x->s.cfg.flows = 1000;
	assert_int_equal(vn_builder_compile(&x->b, &x->s, &x->err), 0);
	for (i = 0; i < 1000; i++)
		assert_int_equal(build(x), 50);
}

static void the_udp_checksum_is_made_before(void **state)
{
	struct fixture *x = *state;
	uint32_t sum;

	x->s.cfg.flags |= VN_FLAG_UDPCSUM;
	must_begin(x);
	build(x);
	sum = vn_csum_add(0, x->f.data + 14 + VN_IPV4_SRC, 8) + 17 + 58;
	assert_int_equal(vn_csum_fold(vn_csum_add(sum, x->f.data + 42, 58)), 0xffff);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_flow_that_begins_finds_its_association),
		TEST(without_associations_packets_go_out_in_clear_and_in_batches),
		TEST(a_stream_without_a_source_has_no_associations),
		TEST(the_overhead_is_the_streams),
		TEST(a_second_run_keeps_what_it_has_and_forgets_its_overhead),
		TEST(a_place_keeps_its_association_for_later_flows),
		TEST(an_spi_finds_any_mode_and_protocol),
		TEST(the_first_of_several_is_taken),
		TEST(what_went_through_is_told_once),
		TEST(sizes_that_vary_stay_within_the_frame),
		TEST(a_frame_in_clear_behind_a_transformed_one_is_clean),
		TEST(transformed_packets_are_in_one_piece),
		TEST(tags_and_labels_are_refused_if_there_are_associations),
		TEST(what_cannot_be_used_matters_only_where_it_could_apply),
		TEST(the_source_says_why_a_run_does_not_begin),
		TEST(a_flag_set_during_a_run_loads_then),
		TEST(more_flows_during_a_run_have_their_places),
		TEST(the_udp_checksum_is_made_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
