// SPDX-License-Identifier: BSD-2-Clause
/*
 * The log port (spec 1.4): a thread writes the address of a printf format, a
 * word for each argument, and one more word that ends the record. The text is
 * made then, from what memory holds then.
 *
 * Settled here, so that no record takes more than some 40 KiB: a format has at
 * most 4096 bytes and wants at most 32 words; a width or precision above 1024
 * counts as 1024. A conversion that is not known takes a word, or with ll two,
 * and prints a question mark. A string that reaches the end of its memory ends there; one
 * that begins in no memory is a fault, as the format is.
 */
#include "nt/hw_priv.h"

#include <string.h>

#define FORMAT_MAX 4096u
#define STRING_MAX 1024u
#define FIELD_MAX  1024u
/* The format's own bytes, and for each word the longest that it can print. */
#define TEXT_MAX (FORMAT_MAX + VN_NT_LOG_ARGS * (FIELD_MAX + 8))

struct text {
	size_t len;
	char bytes[TEXT_MAX];
};

static void put(struct text *t, const char *bytes, size_t n)
{
	n = VN_MIN(n, sizeof(t->bytes) - t->len);
	memcpy(t->bytes + t->len, bytes, n);
	t->len += n;
}

static void fill(struct text *t, char c, size_t n)
{
	n = VN_MIN(n, sizeof(t->bytes) - t->len);
	memset(t->bytes + t->len, c, n);
	t->len += n;
}

/* %[flags][width][.precision][length]letter */
struct conversion {
	bool minus, plus, space, alternative, zero;
	bool width_is_arg, precision_is_arg, has_precision, is_long_long;
	uint32_t width, precision;
	char letter; /* 0: the format ends within it */
};

static uint32_t parse_number(const char **p)
{
	uint32_t n = 0;

	for (; **p >= '0' && **p <= '9'; ++*p)
		n = VN_MIN(n * 10 + (uint32_t)(**p - '0'), FIELD_MAX);
	return n;
}

static bool parse_flag(struct conversion *c, char flag)
{
	switch (flag) {
	case '-':
		return c->minus = true;
	case '+':
		return c->plus = true;
	case ' ':
		return c->space = true;
	case '#':
		return c->alternative = true;
	case '0':
		return c->zero = true;
	default:
		return false;
	}
}

/* p: behind the percent sign; returns what is behind the conversion. */
static const char *parse_conversion(const char *p, struct conversion *c)
{
	*c = (struct conversion){ 0 };
	while (parse_flag(c, *p))
		p++;
	c->width_is_arg = *p == '*';
	p += c->width_is_arg;
	c->width = parse_number(&p);
	if (*p == '.') {
		c->has_precision = true;
		c->precision_is_arg = *++p == '*';
		p += c->precision_is_arg;
		c->precision = parse_number(&p);
	}
	for (; *p && strchr("hlzt", *p); p++)
		c->is_long_long |= p[0] == 'l' && p[1] == 'l';
	c->letter = *p;
	return *p ? p + 1 : p;
}

static unsigned int words_of(const struct conversion *c)
{
	unsigned int n = c->width_is_arg + c->precision_is_arg;

	if (!c->letter || c->letter == '%')
		return n;
	return n + (c->is_long_long ? 2 : 1);
}

static unsigned int words_of_format(const char *p)
{
	struct conversion c;
	unsigned int n = 0;

	while ((p = strchr(p, '%'))) {
		p = parse_conversion(p + 1, &c);
		n += words_of(&c);
	}
	return n;
}

/* The bytes up to a NUL, or to the end of memory, or max of them. -EFAULT: none. */
static int read_string(struct vn_nt_hw *hw, const struct vn_nt_access *a, uint32_t addr, char *dst,
		       uint32_t max)
{
	uint64_t moment = vn_nt_moment(a->cycle, a->tid / VN_NT_THREADS_PER_CPU);
	uint32_t n = 0;

	/* By words, which do not straddle the end of a memory, so that no byte behind it
	 * is asked for; max is a multiple of the word. */
	while (n < max) {
		uint32_t part = VN_MIN(4 - (addr + n) % 4, max - n);
		int r = vn_nt_memory_get(hw->mem, moment, addr + n, dst + n, part);
		const char *nul;

		if (r)
			return n ? (int)n : r;
		nul = memchr(dst + n, '\0', part);
		if (nul)
			return (int)(nul - dst);
		n += part;
	}
	return (int)n;
}

/* The arguments of a record that are left. Those that a format wants which was changed
 * meanwhile read as 0. */
struct args {
	const struct vn_nt_log *log;
	unsigned int next;
};

static uint32_t take_word(struct args *args)
{
	return args->next < args->log->n ? args->log->args[args->next++] : 0;
}

static void take_fields(struct args *args, struct conversion *c)
{
	if (c->width_is_arg) {
		int64_t width = (int32_t)take_word(args);

		c->minus |= width < 0;
		c->width = (uint32_t)VN_MIN(width < 0 ? -width : width, (int64_t)FIELD_MAX);
	}
	if (c->precision_is_arg) {
		int32_t precision = (int32_t)take_word(args);

		c->has_precision = precision >= 0; /* a negative one is none */
		c->precision = VN_MIN((uint32_t)precision, FIELD_MAX);
	}
}

static void put_field(struct text *t, const struct conversion *c, const char *bytes, uint32_t n)
{
	uint32_t spaces = c->width > n ? c->width - n : 0;

	if (!c->minus)
		fill(t, ' ', spaces);
	put(t, bytes, n);
	if (c->minus)
		fill(t, ' ', spaces);
}

/* Digits from the end of out[24] on; returns how many. 0 has none. */
static uint32_t digits_of(uint64_t value, unsigned int base, bool upper, char out[24])
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	uint32_t n = 0;

	for (; value; value /= base)
		out[24 - ++n] = digits[value % base];
	return n;
}

static void put_number(struct text *t, const struct conversion *c, const char *prefix,
		       uint64_t value, unsigned int base)
{
	char digits[24];
	uint32_t n = digits_of(value, base, c->letter == 'X', digits);
	uint32_t wanted = c->has_precision ? c->precision : 1;
	uint32_t zeros = wanted > n ? wanted - n : 0, all, spaces;

	if (base == 8 && c->alternative && !zeros)
		zeros = 1;
	all = (uint32_t)strlen(prefix) + zeros + n;
	spaces = c->width > all ? c->width - all : 0;
	if (c->zero && !c->minus && !c->has_precision) {
		zeros += spaces;
		spaces = 0;
	}
	if (!c->minus)
		fill(t, ' ', spaces);
	put(t, prefix, strlen(prefix));
	fill(t, '0', zeros);
	put(t, digits + sizeof(digits) - n, n);
	if (c->minus)
		fill(t, ' ', spaces);
}

static void put_signed(struct text *t, const struct conversion *c, uint64_t value)
{
	bool is_negative = value >> 63;
	const char *sign = is_negative ? "-" : c->plus ? "+" : c->space ? " " : "";

	put_number(t, c, sign, is_negative ? 0 - value : value, 10);
}

static void put_integer(struct text *t, const struct conversion *c, uint64_t value)
{
	bool is_signed = c->letter == 'd' || c->letter == 'i';

	if (is_signed && !c->is_long_long)
		value = (uint64_t)(int64_t)(int32_t)value;
	if (is_signed)
		put_signed(t, c, value);
	else if (c->letter == 'u')
		put_number(t, c, "", value, 10);
	else if (c->letter == 'o')
		put_number(t, c, "", value, 8);
	else
		put_number(t, c,
			   !c->alternative || !value ? ""
			   : c->letter == 'X'	     ? "0X"
						     : "0x",
			   value, 16);
}

static enum vn_nt_answer put_string(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				    struct text *t, const struct conversion *c, uint32_t addr,
				    struct vn_nt_reply *reply)
{
	char bytes[STRING_MAX];
	int n = read_string(hw, a, addr, bytes,
			    c->has_precision ? VN_MIN(c->precision, STRING_MAX) : STRING_MAX);

	if (n < 0)
		return vn_nt_hw_fault(hw, reply, "log of a string at 0x%08x, outside the memories",
				      addr);
	put_field(t, c, bytes, (uint32_t)n);
	return VN_NT_DONE;
}

/* What a conversion takes besides its fields; the high word comes first. */
static uint64_t take_value(struct args *args, const struct conversion *c)
{
	uint64_t value = take_word(args);

	return c->is_long_long ? value << 32 | take_word(args) : value;
}

static enum vn_nt_answer put_conversion(struct vn_nt_hw *hw, const struct vn_nt_access *a,
					struct text *t, const struct conversion *c, uint64_t value,
					struct vn_nt_reply *reply)
{
	switch (c->letter) {
	case 'd':
	case 'i':
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		put_integer(t, c, value);
		break;
	case 'c':
		put_field(t, c, &(char){ (char)value }, 1);
		break;
	case 's':
		return put_string(hw, a, t, c, (uint32_t)value, reply);
	case 'p':
		put_number(t, c, "0x", (uint32_t)value, 16);
		break;
	default:
		put_field(t, c, "?", 1);
	}
	return VN_NT_DONE;
}

static enum vn_nt_answer format_record(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				       const char *p, struct text *t, struct vn_nt_reply *reply)
{
	struct args args = { .log = &hw->now.logs[a->tid] };
	struct conversion c;

	while (*p) {
		size_t plain = strcspn(p, "%");

		put(t, p, plain);
		p += plain;
		if (!*p)
			break;
		p = parse_conversion(p + 1, &c);
		take_fields(&args, &c);
		if (!c.letter) /* nothing of it, as printf of most systems */
			break;
		if (c.letter == '%')
			put(t, "%", 1);
		else if (put_conversion(hw, a, t, &c, take_value(&args, &c), reply) != VN_NT_DONE)
			return VN_NT_FAULT;
	}
	return VN_NT_DONE;
}

/* For the trace: one line, cut, what is not printable as \n or \xNN. */
static void trace_record(struct vn_nt_hw *hw, const struct vn_nt_access *a, const struct text *t)
{
	static const char hex[] = "0123456789abcdef";
	char line[1024];
	size_t n = 0;

	for (size_t i = 0; i < t->len && n + 5 < sizeof(line); i++) {
		unsigned char c = (unsigned char)t->bytes[i];

		if (c >= 0x20 && c < 0x7f && c != '\\') {
			line[n++] = (char)c;
			continue;
		}
		line[n++] = '\\';
		if (c == '\n' || c == '\\') {
			line[n++] = c == '\n' ? 'n' : '\\';
			continue;
		}
		line[n++] = 'x';
		line[n++] = hex[c >> 4];
		line[n++] = hex[c & 15];
	}
	line[n] = '\0';
	vn_nt_trace(hw, LOG, a->cycle, a, "log %s", line);
}

/* The format as it is in memory, into text[FORMAT_MAX + 1]. */
static enum vn_nt_answer read_format(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				     uint32_t addr, char *text, struct vn_nt_reply *reply)
{
	int n = read_string(hw, a, addr, text, FORMAT_MAX);

	if (n < 0)
		return vn_nt_hw_fault(hw, reply,
				      "log with a format at 0x%08x, outside the memories", addr);
	if (n == (int)FORMAT_MAX)
		return vn_nt_hw_fault(hw, reply,
				      "log with a format at 0x%08x that has no end within %u bytes",
				      addr, FORMAT_MAX);
	text[n] = '\0';
	return VN_NT_DONE;
}

static enum vn_nt_answer open_record(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				     uint32_t addr, struct vn_nt_reply *reply)
{
	struct vn_nt_log *log = &hw->now.logs[a->tid];
	char format[FORMAT_MAX + 1];
	unsigned int n;

	if (read_format(hw, a, addr, format, reply) != VN_NT_DONE)
		return VN_NT_FAULT;
	n = words_of_format(format);
	if (n > VN_NT_LOG_ARGS)
		return vn_nt_hw_fault(hw, reply,
				      "log with a format at 0x%08x that takes %u words: at most %u",
				      addr, n, VN_NT_LOG_ARGS);
	log->format = addr;
	log->is_open = true;
	log->n = 0;
	log->n_wanted = (uint8_t)n;
	return VN_NT_DONE;
}

static enum vn_nt_answer close_record(struct vn_nt_hw *hw, const struct vn_nt_access *a,
				      struct vn_nt_reply *reply)
{
	struct vn_nt_log *log = &hw->now.logs[a->tid];
	struct text t = { .len = 0 };
	char format[FORMAT_MAX + 1];
	struct vn_nt_out out;

	log->is_open = false;
	if (read_format(hw, a, log->format, format, reply) != VN_NT_DONE ||
	    format_record(hw, a, format, &t, reply) != VN_NT_DONE)
		return VN_NT_FAULT;
	out = (struct vn_nt_out){ .kind = VN_NT_OUT_LOG,
				  .port = a->tid,
				  .cycle = a->cycle,
				  .len = (uint32_t)t.len,
				  .bytes = (const uint8_t *)t.bytes };
	vn_nt_out_add(hw, &out);
	hw->now.counters.log_records[0]++;
	hw->now.last_event = a->cycle;
	trace_record(hw, a, &t);
	return VN_NT_DONE;
}

enum vn_nt_answer vn_nt_log_write(struct vn_nt_hw *hw, const struct vn_nt_access *a, uint32_t value,
				  struct vn_nt_reply *reply)
{
	struct vn_nt_log *log = &hw->now.logs[a->tid];

	hw->logs_changed = true;
	if (!log->is_open)
		return open_record(hw, a, value, reply);
	if (log->n == log->n_wanted)
		return close_record(hw, a, reply);
	log->args[log->n++] = value;
	return VN_NT_DONE;
}
