/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of src/ctl share among themselves: how a row of the parameter
 * table does its work. A row has a kind (number, address, list ...); the kind
 * knows the three ways to meet it: a command of the device file, an option of
 * the command line, an effective setting. What makes one number different from
 * another is data in the row, or one of three small functions.
 */
#ifndef VN_CTL_PRIV_H
#define VN_CTL_PRIV_H

#include "base/text.h"
#include "ctl/param.h"
#include "ctl/scan.h"

struct vn_param_kind {
	/*
	 * Reads the argument as the kernel does, stores, writes the Result.
	 * 0, or a negative errno with the Result as it was. NULL in rows that
	 * are ours: there it is not asked.
	 */
	int (*command)(struct vn_entry *e, const struct vn_param *p, struct vn_ctl_scan *arg);
	/* The strict way; what is "--name". The other two are NULL together with
	 * it in rows that only the device file has. */
	int (*set)(struct vn_entry *e, const struct vn_param *p, const char *what,
		   const char *value, struct vn_err *err);
	/* Writes the value as set takes it; false: nothing to say. */
	bool (*get)(const struct vn_entry *e, const struct vn_param *p, struct vn_text *out);
	/* The i-th word that set takes, for completion; NULL: no more. The
	 * function is NULL when values are not words of a list. */
	const char *(*word)(unsigned int i);
};

/* How a number lies in struct vn_stream_cfg and how the kernel prints it. */
enum vn_field {
	VN_FIELD_U8,
	VN_FIELD_U16,
	VN_FIELD_U32,
	VN_FIELD_U32_AS_INT, /* u32 that is printed signed */
	VN_FIELD_INT,
	VN_FIELD_U64,
};

struct vn_param_impl {
	const struct vn_param_kind *kind;
	uint16_t field;	  /* offset in struct vn_stream_cfg */
	uint16_t partner; /* offset of a second field: see the kind */
	uint8_t type;	  /* enum vn_field */
	uint8_t digits;	  /* most digits the command reads */
	bool is_max;	  /* upper end of a range: partner is the lower one */
	/* Applied to the number as read, before it is narrowed to the field. */
	uint64_t (*clamp)(uint64_t value);
	/* May the value be had now? 0 or -errno with a sentence. Both ways. */
	int (*check)(const struct vn_entry *e, uint64_t value, struct vn_err *err);
	/* The same on the command line only: what the kernel lets pass and then
	 * ignores. */
	int (*check_strict)(const struct vn_entry *e, uint64_t value, struct vn_err *err);
	/* When the field is given, also if it stays as it was: drops what it replaces. */
	void (*given)(struct vn_entry *e);
	/* After the field got another value. */
	void (*changed)(struct vn_entry *e);
};

/* number.c */
extern const struct vn_param_kind vn_kind_number;
uint64_t vn_field_get(const struct vn_stream_cfg *cfg, const struct vn_param_impl *i);
void vn_field_put(struct vn_stream_cfg *cfg, const struct vn_param_impl *i, uint64_t value);

/* size.c */
extern const struct vn_param_kind vn_kind_pkt_size, vn_kind_imix;
uint64_t vn_clamp_size(uint64_t value);
void vn_min_size_changed(struct vn_entry *e);
void vn_max_size_changed(struct vn_entry *e);
void vn_size_given(struct vn_entry *e);
/* All packets have that size, 0: it is not set; nothing else says another. */
void vn_size_fix(struct vn_entry *e, int32_t size);

/* sharing.c: which of clone_skb, burst, transmit mode, imix and SHARED go together */
int vn_check_clone_skb(const struct vn_entry *e, uint64_t value, struct vn_err *err);
int vn_check_burst(const struct vn_entry *e, uint64_t value, struct vn_err *err);
int vn_check_mode(const struct vn_entry *e, enum vn_xmit_mode mode, struct vn_err *err);
int vn_check_unshare(const struct vn_entry *e, struct vn_err *err);
int vn_check_imix(const struct vn_entry *e, struct vn_err *err);
uint64_t vn_clamp_burst(uint64_t value);
void vn_burst_changed(struct vn_entry *e);

/* period.c: fields are not used */
extern const struct vn_param_kind vn_kind_delay, vn_kind_rate, vn_kind_ratep;
/* Gap of n at `rate` (not 0) of them a second. -ERANGE with a sentence when it is no
 * fraction that leaves the schedule room for its sums. */
int vn_period_set(struct vn_entry *e, const char *what, const char *text, struct vn_ratio n,
		  struct vn_ratio rate, struct vn_err *err);
/* Is it in the row's range? 0 or -ERANGE with a sentence. */
int vn_check_ratio(const char *what, const char *text, struct vn_ratio v, const struct vn_param *p,
		   struct vn_err *err);

/* bitrate.c: type is the layer that bits are counted at, 1 to 3 */
extern const struct vn_param_kind vn_kind_bitrate, vn_kind_load;

/* The mean of what is counted of a packet: at layer 1 to 3, or 0 as pktgen's rate
 * does. 0 or -EINVAL with a sentence: it is not known. */
int vn_mean_bits(const struct vn_stream *s, unsigned int layer, const char *what, const char *text,
		 struct vn_ratio *mean, struct vn_err *err);

/* series.c: fields are not used */
extern const struct vn_param_kind vn_kind_gap, vn_kind_size, vn_kind_flow_length;
void vn_flowlen_given(struct vn_entry *e);

/* address.c. IPv4: field is the text, is_max the end of the range. */
extern const struct vn_param_kind vn_kind_src4, vn_kind_dst4;
/* IPv6: field is the address, partner the current one it is copied to
 * (an offset in struct vn_stream_cur; VN_NO_PARTNER: none). */
extern const struct vn_param_kind vn_kind_ipv6;
#define VN_NO_PARTNER UINT16_MAX
/* MAC: field is the address, partner that of the next header (in cur). */
extern const struct vn_param_kind vn_kind_mac;

/* tag.c: partner is the VLAN id that must be on */
extern const struct vn_param_kind vn_kind_vlan_id, vn_kind_svlan_id, vn_kind_vlan_part;
extern const struct vn_param_kind vn_kind_mpls;

/* octet.c: two hexadecimal digits (tos, traffic_class) */
extern const struct vn_param_kind vn_kind_octet;

/* txtime.c: field is the number of the word */
extern const struct vn_param_kind vn_kind_launch, vn_kind_departure_stamps;

/* flag.c, late.c, mode.c, stamp.c */
extern const struct vn_param_kind vn_kind_flag, vn_kind_late_policy, vn_kind_mode, vn_kind_stamp;
/* The i-th flag's name, in bit order; NULL: no more. */
const char *vn_flag_name(unsigned int i);

/* node.c */
extern const struct vn_param_kind vn_kind_node;
/* Is there a NUMA node of this number on this machine? */
bool vn_node_is_possible(uint64_t node);
/* Is it in a list as the kernel prints them: "0-3,8"? */
bool vn_node_is_listed(const char *list, uint64_t node);

/* action.c: rows of the device file that set nothing of the stream */
extern const struct vn_param_kind vn_kind_debug, vn_kind_clear_counters;

/* show.c */
#define VN_IPV6_TEXT_SIZE 46
void vn_ctl_ipv6_text(const struct in6_addr *a, char out[VN_IPV6_TEXT_SIZE]);
void vn_ctl_ipv4_text(uint32_t a, char out[16]);

/* command.c: writes entry->result; what does not fit is cut. */
void vn_ctl_result(struct vn_entry *e, const char *fmt, ...) VN_PRINTF(2, 3);

/* option.c: err becomes "--name: value why"; returns rc. */
int vn_option_refuse(struct vn_err *err, const char *what, const char *value, int rc,
		     const struct vn_err *why);

#endif
