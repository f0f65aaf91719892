/* SPDX-License-Identifier: BSD-2-Clause */
#include "pcap_in.h"

#include <byteswap.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "wire/pcap.h"

#define MAGIC_PCAPNG UINT32_C(0x0a0d0d0a) /* the same in both byte orders */
#define RECORD_MAX   262144 /* bytes that a record can have, as other readers have it */

static uint32_t to_host(const struct card_pcap_in *in, uint32_t n)
{
	return in->is_swapped ? bswap_32(n) : n;
}

/* What kind of file it is; leaves is_swapped and is_nano. */
static int read_magic(struct card_pcap_in *in, uint32_t magic, struct vn_err *err)
{
	if (magic == MAGIC_PCAPNG)
		return vn_err_set(err, EINVAL,
				  "%s: is a pcapng file, which is not read; expected classic pcap "
				  "(editcap -F nsecpcap makes one of it)",
				  in->path);
	in->is_swapped = magic == bswap_32(VN_PCAP_MAGIC_US) || magic == bswap_32(VN_PCAP_MAGIC_NS);
	magic = to_host(in, magic);
	in->is_nano = magic == VN_PCAP_MAGIC_NS;
	if (magic == VN_PCAP_MAGIC_US || magic == VN_PCAP_MAGIC_NS)
		return 0;
	return vn_err_set(err, EINVAL,
			  "%s: no pcap file: begins with %08" PRIx32 ", not %08" PRIx32
			  " or %08" PRIx32 " in either byte order",
			  in->path, magic, VN_PCAP_MAGIC_US, VN_PCAP_MAGIC_NS);
}

static int check_link_type(const struct card_pcap_in *in, uint32_t type, bool is_host,
			   struct vn_err *err)
{
	if (type == VN_LINKTYPE_ETHERNET || (is_host && type == VN_LINKTYPE_USER0))
		return 0;
	return vn_err_set(err, EINVAL,
			  "%s: has frames of link type %" PRIu32 "; expected %d (Ethernet)%s",
			  in->path, type, VN_LINKTYPE_ETHERNET,
			  is_host ? " or 147 (frames of a host queue)" : "");
}

static int read_head(struct card_pcap_in *in, bool is_host, struct vn_err *err)
{
	struct vn_pcap_head head = { .magic = 0 };
	size_t n = fread(&head, 1, sizeof(head), in->file);
	uint16_t major;
	int rc = 0;

	if (ferror(in->file))
		return vn_err_set(err, EIO, "%s: cannot be read (%s)", in->path, strerror(errno));
	if (n >= sizeof(head.magic))
		rc = read_magic(in, head.magic, err);
	if (rc)
		return rc;
	if (n < sizeof(head))
		return vn_err_set(err, EINVAL,
				  "%s: no pcap file: %zu bytes, its head alone has %zu", in->path,
				  n, sizeof(head));
	major = in->is_swapped ? bswap_16(head.major) : head.major;
	if (major != VN_PCAP_MAJOR)
		return vn_err_set(err, EINVAL, "%s: is of version %u of pcap; expected 2", in->path,
				  major);
	return check_link_type(in, to_host(in, head.link_type), is_host, err);
}

int card_pcap_in_begin(struct card_pcap_in *in, FILE *file, const char *path, bool is_host,
		       struct vn_err *err)
{
	int rc;

	memset(in, 0, sizeof(*in));
	in->file = file;
	in->path = path;
	in->max_len = is_host ? CARD_PCAP_HOST_MAX : CARD_PCAP_MAC_MAX;
	rc = read_head(in, is_host, err);
	if (rc)
		card_pcap_in_close(in);
	return rc;
}

int card_pcap_in_open(struct card_pcap_in *in, const char *path, bool is_host, struct vn_err *err)
{
	FILE *file = fopen(path, "re");

	memset(in, 0, sizeof(*in));
	if (!file)
		return vn_err_set(err, errno, "%s: cannot be read (%s)", path, strerror(errno));
	return card_pcap_in_begin(in, file, path, is_host, err);
}

static int cut_short(const struct card_pcap_in *in, struct vn_err *err)
{
	if (ferror(in->file))
		return vn_err_set(err, EIO, "%s: cannot be read any more (%s)", in->path,
				  strerror(errno));
	return vn_err_set(err, EINVAL,
			  "%s: ends within record %" PRIu64 "; what is before it was fed", in->path,
			  in->records + 1);
}

/* 1: there is one, in host order; 0: the file ends here. */
static int read_record(struct card_pcap_in *in, struct vn_pcap_record *r, struct vn_err *err)
{
	size_t n = fread(r, 1, sizeof(*r), in->file);

	if (!n && !ferror(in->file))
		return 0;
	if (n < sizeof(*r))
		return cut_short(in, err);
	*r = (struct vn_pcap_record){
		.sec = to_host(in, r->sec),
		.frac = to_host(in, r->frac),
		.caplen = to_host(in, r->caplen),
		.len = to_host(in, r->len),
	};
	if (r->caplen > RECORD_MAX)
		return vn_err_set(err, EINVAL,
				  "%s: record %" PRIu64 " says that it has %" PRIu32
				  " bytes, and none has more than %d: the file is damaged",
				  in->path, in->records + 1, r->caplen, RECORD_MAX);
	return 1;
}

/* The bytes of a record, of which the buffer keeps as many as it holds. */
static int read_bytes(struct card_pcap_in *in, uint32_t caplen, struct vn_err *err)
{
	uint32_t keep = VN_MIN(caplen, (uint32_t)sizeof(in->bytes));
	uint8_t rest[4096];

	if (fread(in->bytes, 1, keep, in->file) < keep)
		return cut_short(in, err);
	for (uint32_t left = caplen - keep, n; left; left -= n) {
		n = VN_MIN(left, (uint32_t)sizeof(rest));
		if (fread(rest, 1, n, in->file) < n)
			return cut_short(in, err);
	}
	return 0;
}

/* Records may be out of order by a little (several queues captured together). */
static void take_time(struct card_pcap_in *in, const struct vn_pcap_record *r)
{
	uint64_t ns = r->sec * VN_NSEC_PER_SEC + (uint64_t)r->frac * (in->is_nano ? 1 : 1000);

	if (!in->records)
		in->first_ns = ns;
	if (ns > in->first_ns)
		in->last_ns = VN_MAX(in->last_ns, ns - in->first_ns);
}

static bool is_fed(struct card_pcap_in *in, const struct vn_pcap_record *r)
{
	if (!r->len)
		in->empty++;
	else if (r->caplen < r->len)
		in->cut++;
	else if (r->len > in->max_len)
		in->too_long++;
	else
		return true;
	return false;
}

int card_pcap_in_next(struct card_pcap_in *in, struct card_pcap_frame *frame, struct vn_err *err)
{
	struct vn_pcap_record r;
	int rc;

	while ((rc = read_record(in, &r, err)) > 0) {
		rc = read_bytes(in, r.caplen, err);
		if (rc)
			break;
		take_time(in, &r);
		in->records++;
		if (!is_fed(in, &r))
			continue;
		*frame = (struct card_pcap_frame){
			.offset_ns = in->last_ns,
			.bytes = in->bytes,
			.len = r.len,
		};
		return 1;
	}
	return rc;
}

bool card_pcap_in_warning(const struct card_pcap_in *in, char buf[CARD_PCAP_WARNING])
{
	const char *sep = "";
	struct vn_text t;

	vn_text_init(&t, buf, CARD_PCAP_WARNING);
	if (!card_pcap_in_skipped(in))
		return false;
	vn_text_add(&t,
		    "%" PRIu64 " of %" PRIu64 " records were skipped: ", card_pcap_in_skipped(in),
		    in->records);
	if (in->too_long) {
		vn_text_add(&t, "%" PRIu64 " longer than %" PRIu32 " bytes", in->too_long,
			    in->max_len);
		sep = ", ";
	}
	if (in->cut) {
		vn_text_add(&t, "%s%" PRIu64 " cut when captured", sep, in->cut);
		sep = ", ";
	}
	if (in->empty)
		vn_text_add(&t, "%s%" PRIu64 " empty", sep, in->empty);
	return true;
}

void card_pcap_in_close(struct card_pcap_in *in)
{
	if (in->file)
		fclose(in->file);
	in->file = NULL;
}
