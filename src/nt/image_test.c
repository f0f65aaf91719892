/* SPDX-License-Identifier: BSD-2-Clause */
/* ELF files that are laid out here byte by byte, each mistake in them, names, MIFs. */
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/macros.h"
#include "nt/image.h"
#include "wire/bytes.h"

/* Where the parts of the file lie; numbers of the format itself, not of <elf.h>. */
enum {
	PH = 52,	    /* program headers of 32 bytes: text, data, bss, a note */
	TEXT = PH + 4 * 32, /* 10 bytes: two words and a half */
	DATA = TEXT + 12,   /* 6 bytes */
	STRINGS = DATA + 8,
	STRINGS_LEN = 32,
	SYMBOLS = STRINGS + STRINGS_LEN, /* 16 bytes each */
	N_SYMBOLS = 8,
	SH = SYMBOLS + N_SYMBOLS * 16, /* section headers of 40 bytes: none, names, strings */
	LEN = SH + 3 * 40,
};

static void program_header(uint8_t *p, uint32_t type, uint32_t offset, uint32_t addr,
			   uint32_t filesz, uint32_t memsz)
{
	vn_put_be32(p, type);
	vn_put_be32(p + 4, offset);
	vn_put_be32(p + 8, addr);
	vn_put_be32(p + 12, addr);
	vn_put_be32(p + 16, filesz);
	vn_put_be32(p + 20, memsz);
}

static void symbol(uint8_t *p, uint32_t name, uint32_t addr, uint32_t size, uint8_t info,
		   uint16_t section)
{
	vn_put_be32(p, name);
	vn_put_be32(p + 4, addr);
	vn_put_be32(p + 8, size);
	p[12] = info;
	vn_put_be16(p + 14, section);
}

static void section_header(uint8_t *p, uint32_t type, uint32_t offset, uint32_t size, uint32_t link)
{
	vn_put_be32(p + 4, type);
	vn_put_be32(p + 16, offset);
	vn_put_be32(p + 20, size);
	vn_put_be32(p + 24, link);
}

static void symbols(uint8_t *file)
{
	uint8_t *s = file + SYMBOLS;

	memcpy(file + STRINGS, "\0main\0start\0table\0lost\0x", 25);
	symbol(s + 16, 1, 0x20000008, 4, 0x12, 1);   /* main, a function */
	symbol(s + 32, 6, 0x20000000, 0, 0x02, 1);   /* start, without a size */
	symbol(s + 48, 12, 0x04040000, 6, 0x11, 2);  /* table, an object */
	symbol(s + 64, 18, 0x20000004, 4, 0x12, 0);  /* lost: undefined */
	symbol(s + 80, 18, 0x30000000, 4, 0x12, 1);  /* lost: in no memory */
	symbol(s + 96, 18, 0x20000004, 4, 0x10, 1);  /* lost: neither function nor object */
	symbol(s + 112, 23, 0x04050000, 0, 0x11, 3); /* x, to the end of its memory */
}

static void make(uint8_t file[LEN])
{
	static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', 1, 2, 1 };

	memset(file, 0, LEN);
	memcpy(file, ident, sizeof(ident));
	vn_put_be16(file + 16, 2);	    /* executable */
	vn_put_be16(file + 18, 8);	    /* MIPS */
	vn_put_be32(file + 24, 0xdeadbeef); /* entry */
	vn_put_be32(file + 28, PH);
	vn_put_be32(file + 32, SH);
	vn_put_be16(file + 42, 32);
	vn_put_be16(file + 44, 4);
	vn_put_be16(file + 46, 40);
	vn_put_be16(file + 48, 3);
	program_header(file + PH, 1, TEXT, 0x20000000, 10, 10);
	program_header(file + PH + 32, 1, DATA, 0x04040000, 6, 64);
	program_header(file + PH + 64, 1, LEN, 0x04050000, 0, 0x1000);
	program_header(file + PH + 96, 4, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff);
	memcpy(file + TEXT, "\x3c\x1c\x04\x04\x00\x01\x02\x03\xaa\xbb", 10);
	memcpy(file + DATA, "\x01\x02\x03\x04\x05\x06", 6);
	symbols(file);
	section_header(file + SH + 40, 2, SYMBOLS, N_SYMBOLS * 16, 2);
	section_header(file + SH + 80, 3, STRINGS, STRINGS_LEN, 0);
}

/* In memory of exactly that size, so that a sanitizer sees who reads on. */
static int parse(struct vn_nt_image *image, const uint8_t *file, size_t len, struct vn_err *err)
{
	uint8_t *copy = malloc(len ? len : 1);
	int rc;

	assert_non_null(copy);
	memcpy(copy, file, len);
	err->text[0] = '\0';
	rc = vn_nt_image_parse_elf(image, "prog", copy, len, err);
	free(copy);
	return rc;
}

static struct vn_nt_image made(void)
{
	struct vn_nt_image image = { 0 };
	struct vn_err err;
	uint8_t file[LEN];

	make(file);
	if (parse(&image, file, LEN, &err) < 0)
		fail_msg("%s", err.text);
	return image;
}

static void segments_are_text_and_pieces(void **state)
{
	struct vn_nt_image image = made();

	assert_int_equal(image.n_text, 3);
	assert_int_equal(image.text[0], 0x3c1c0404);
	assert_int_equal(image.text[1], 0x00010203);
	assert_int_equal(image.text[2], 0xaabb0000);
	assert_int_equal(image.n_pieces, 1); /* what is only zeros needs none */
	assert_int_equal(image.pieces[0].addr, 0x04040000);
	assert_int_equal(image.pieces[0].len, 6);
	assert_memory_equal(image.pieces[0].bytes, "\x01\x02\x03\x04\x05\x06", 6);
	vn_nt_image_fini(&image);
	vn_nt_image_fini(&image);
	vn_nt_image_fini(NULL);
}

static void text_may_have_gaps_and_overlaps(void **state)
{
	struct vn_nt_image image = { 0 };
	uint8_t file[LEN];
	struct vn_err err;

	make(file);
	program_header(file + PH + 32, 1, TEXT, 0x20000014, 5, 5);
	program_header(file + PH + 64, 1, DATA, 0x20000008, 1, 1);
	assert_int_equal(parse(&image, file, LEN, &err), 0);
	assert_int_equal(image.n_text, 7);
	assert_int_equal(image.text[2], 0x01bb0000);
	assert_int_equal(image.text[3], 0);
	assert_int_equal(image.text[5], 0x3c1c0404);
	assert_int_equal(image.text[6], 0);
	vn_nt_image_fini(&image);
}

static void expect_symbol(const struct vn_nt_image *image, uint32_t addr, const char *name,
			  uint32_t offset)
{
	uint32_t at = 12345;
	const struct vn_nt_symbol *s = vn_nt_image_symbol(image, addr, &at);

	if (!name) {
		if (s)
			fail_msg("%08x is %s+%u", addr, s->name, at);
		return;
	}
	if (!s)
		fail_msg("%08x is nothing", addr);
	assert_string_equal(s->name, name);
	assert_int_equal(at, offset);
}

static void names_of_addresses(void **state)
{
	struct vn_nt_image image = made();

	assert_int_equal(image.n_symbols, 4);
	expect_symbol(&image, 0x20000000, "start", 0);
	expect_symbol(&image, 0x20000007, "start", 7); /* up to main */
	expect_symbol(&image, 0x20000008, "main", 0);
	expect_symbol(&image, 0x2000000b, "main", 3);
	expect_symbol(&image, 0x2000000c, NULL, 0);
	expect_symbol(&image, 0x0403ffff, NULL, 0);
	expect_symbol(&image, 0x04040005, "table", 5);
	expect_symbol(&image, 0x04040006, NULL, 0);
	expect_symbol(&image, 0x07ffffff, "x", 0x03faffff);
	expect_symbol(&image, 0x08000000, NULL, 0);
	expect_symbol(&image, 0xffffffff, NULL, 0);
	vn_nt_image_fini(&image);
}

/* Two names of one address: the one that says how far it goes. */
static void names_of_one_address(void **state)
{
	struct vn_nt_image image = { 0 };
	uint8_t file[LEN];
	struct vn_err err;

	make(file);
	symbol(file + SYMBOLS + 48, 12, 0x20000000, 6, 0x12, 1);
	assert_int_equal(parse(&image, file, LEN, &err), 0);
	expect_symbol(&image, 0x20000001, "table", 1);
	vn_nt_image_fini(&image);
}

static void a_program_without_names_is_one(void **state)
{
	struct vn_nt_image image = { 0 };
	uint8_t file[LEN];
	struct vn_err err;

	make(file);
	vn_put_be16(file + 48, 0);
	assert_int_equal(parse(&image, file, LEN, &err), 0);
	assert_int_equal(image.n_symbols, 0);
	expect_symbol(&image, 0x20000000, NULL, 0);
	vn_nt_image_fini(&image);
}

/* A field of the file, what is put there, and what is said. */
static const struct {
	unsigned int offset, width;
	uint32_t value;
	const char *sentence;
} bad[] = {
	{ 0, 1, 'E', "not an ELF file" },
	{ 4, 1, 2, "not a 32-bit program; the card runs 32-bit big-endian MIPS" },
	{ 5, 1, 1, "not a big-endian program; the card runs 32-bit big-endian MIPS" },
	{ 18, 2, 3, "not a MIPS program; the card runs 32-bit big-endian MIPS" },
	{ 16, 2, 1,
	  "not a linked executable (object files, shared and position-independent ones "
	  "cannot be loaded)" },
	{ 16, 2, 3,
	  "not a linked executable (object files, shared and position-independent ones "
	  "cannot be loaded)" },
	{ 28, 4, LEN, "cut short within the program headers" },
	{ 28, 4, 0xffffffff, "cut short within the program headers" },
	{ 42, 2, 31, "program headers are too small" },
	{ 44, 2, 0xffff, "cut short within the program headers" },
	{ 44, 2, 0, "no segment in instruction memory (0x20000000, 256 KiB)" },
	{ PH + 4, 4, LEN, "cut short within the segment at 0x20000000" },
	{ PH + 4, 4, 0xfffffffc, "cut short within the segment at 0x20000000" },
	{ PH + 8, 4, 0x20000002, "segment at 0x20000002, not at a word" },
	{ PH + 8, 4, 0x1ffffffc,
	  "segment 0x1ffffffc-0x20000005 lies outside instruction memory (0x20000000, 256 KiB) and "
	  "data memory (0x04000000, 64 MiB)" },
	{ PH + 8, 4, 0x2003fff8,
	  "segment 0x2003fff8-0x20040001 lies outside instruction memory (0x20000000, 256 KiB) and "
	  "data memory (0x04000000, 64 MiB)" },
	{ PH + 20, 4, 9,
	  "segment at 0x20000000 has more bytes in the file (10) than in memory (9)" },
	{ PH + 40, 4, 0x10000000,
	  "segment 0x10000000-0x1000003f lies outside instruction memory (0x20000000, 256 KiB) and "
	  "data memory (0x04000000, 64 MiB)" },
	{ PH + 52, 4, 0xffffffff,
	  "segment 0x04040000-0x0403fffe lies outside instruction memory (0x20000000, 256 KiB) and "
	  "data memory (0x04000000, 64 MiB)" },
	{ PH + 84, 4, 0x03fb0001,
	  "segment 0x04050000-0x08000000 lies outside instruction memory (0x20000000, 256 KiB) and "
	  "data memory (0x04000000, 64 MiB)" },
	{ 32, 4, LEN, "cut short within the section headers" },
	{ 46, 2, 39, "section headers are too small" },
	{ 48, 2, 4, "cut short within the section headers" },
	{ SH + 40 + 16, 4, LEN, "cut short within the symbol table" },
	{ SH + 40 + 20, 4, 0xffffffff, "cut short within the symbol table" },
	{ SH + 80 + 16, 4, LEN, "cut short within the symbol table" },
	{ SH + 40 + 24, 4, 3, "symbol table without its strings" },
};

static void put(uint8_t *p, unsigned int width, uint32_t value)
{
	for (unsigned int i = 0; i < width; i++)
		p[i] = (uint8_t)(value >> (8 * (width - 1 - i)));
}

static void each_mistake_is_named(void **state)
{
	struct vn_nt_image image = { 0 };
	uint8_t file[LEN];
	struct vn_err err;
	char want[320];

	for (size_t i = 0; i < VN_ARRAY_SIZE(bad); i++) {
		make(file);
		put(file + bad[i].offset, bad[i].width, bad[i].value);
		snprintf(want, sizeof(want), "prog: %s", bad[i].sentence);
		assert_int_equal(parse(&image, file, LEN, &err), -EINVAL);
		assert_string_equal(err.text, want);
		assert_null(image.text);
		assert_null(image.pieces);
	}
}

/* The section headers are last: a file that ends anywhere before its end is refused. */
static void every_beginning_is_refused(void **state)
{
	struct vn_nt_image image = { 0 };
	uint8_t file[LEN];
	struct vn_err err;

	make(file);
	for (size_t len = 0; len < LEN; len++) {
		assert_int_equal(parse(&image, file, len, &err), -EINVAL);
		assert_non_null(strstr(err.text, len < 4 ? "not an ELF file" : "cut short"));
	}
}

/* Names that do not end within their table, and those that are not there, are left out. */
static void names_stay_in_their_table(void **state)
{
	struct vn_nt_image image = { 0 };
	uint8_t file[LEN];
	struct vn_err err;

	make(file);
	put(file + SH + 80 + 20, 4, 10); /* "start" is cut */
	assert_int_equal(parse(&image, file, LEN, &err), 0);
	assert_int_equal(image.n_symbols, 1);
	assert_string_equal(image.symbols[0].name, "main");
	vn_nt_image_fini(&image);
}

/* A small file whose many headers name the same bytes does not fill the host. */
static void overlapping_segments_are_bounded(void **state)
{
	enum { N = 2000, SIZE = 52 + N * 32 };
	struct vn_nt_image image = { 0 };
	uint8_t *file = calloc(1, SIZE);
	uint8_t head[LEN];
	struct vn_err err;

	assert_non_null(file);
	make(head);
	memcpy(file, head, 52);
	put(file + 44, 2, N);
	put(file + 48, 2, 0);
	for (unsigned int i = 0; i < N; i++)
		program_header(file + PH + i * 32, 1, 0, 0x04040000, SIZE, SIZE);
	assert_int_equal(parse(&image, file, SIZE, &err), -EINVAL);
	assert_string_equal(err.text,
			    "prog: segments overlap: there is more than the memories hold");
	free(file);
}

/* -- Files ---------------------------------------------------------------- */

static const char *temporary(void)
{
	static char path[64];
	int fd;

	strcpy(path, "/tmp/vernier-image-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	return path;
}

static void put_file(const char *path, const void *bytes, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static void files_are_read(void **state)
{
	const char *path = temporary();
	struct vn_nt_image image = { 0 };
	uint8_t file[LEN];
	struct vn_err err = { "" };
	char want[400];

	make(file);
	put_file(path, file, LEN);
	assert_int_equal(vn_nt_image_read_elf(&image, path, &err), 0);
	assert_int_equal(image.n_text, 3);
	put_file(path, "", 0);
	assert_int_equal(vn_nt_image_read_elf(&image, path, &err), -EINVAL);
	snprintf(want, sizeof(want), "%s: not an ELF file", path);
	assert_string_equal(err.text, want);
	unlink(path);
	assert_int_equal(vn_nt_image_read_elf(&image, path, &err), -ENOENT);
	snprintf(want, sizeof(want), "%s: No such file or directory", path);
	assert_string_equal(err.text, want);
	assert_int_equal(vn_nt_image_read_elf(&image, "/", &err), -EISDIR);
	assert_string_equal(err.text, "/: Is a directory");
	assert_int_equal(vn_nt_image_read_elf(&image, "/dev/zero", &err), -EFBIG);
	assert_string_equal(err.text, "/dev/zero: File too large");
}

/* The pair of files of a program is the program again, but for its names. */
static void mifs_are_the_same_program(void **state)
{
	struct vn_nt_image image = made(), again = { 0 };
	const char *path = temporary();
	struct vn_err err = { "" };
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(vn_nt_image_write_instr_mif(&image, f), 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(vn_nt_image_read_instr_mif(&again, path, &err), 0);
	assert_int_equal(again.n_text, 3);
	assert_memory_equal(again.text, image.text, 12);

	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(vn_nt_image_write_data_mif(&image, f, &err), 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(vn_nt_image_read_data_mif(&again, path, &err), 0);
	assert_int_equal(again.n_pieces, 1);
	assert_int_equal(again.pieces[0].addr, 0x04040000);
	assert_int_equal(again.pieces[0].len, 8); /* whole words */
	assert_memory_equal(again.pieces[0].bytes, "\x01\x02\x03\x04\x05\x06\0", 8);
	unlink(path);
	vn_nt_image_fini(&image);
	vn_nt_image_fini(&again);
}

static void mifs_have_their_memories_size(void **state)
{
	static const char text[] = "WIDTH=32; DEPTH=16777216; CONTENT BEGIN\n10000 : 1; END;";
	static const char data[] = "WIDTH=32; DEPTH=16777216; CONTENT BEGIN\nff0000 : 1; END;";
	struct vn_nt_image image = { 0 };
	const char *path = temporary();
	struct vn_err err;
	char want[400];

	put_file(path, text, strlen(text));
	assert_int_equal(vn_nt_image_read_instr_mif(&image, path, &err), -EINVAL);
	snprintf(want, sizeof(want), "%s:2: address \"10000\" is beyond the memory, 65536 words",
		 path);
	assert_string_equal(err.text, want);
	assert_int_equal(vn_nt_image_read_data_mif(&image, path, &err), 0);
	put_file(path, data, strlen(data));
	assert_int_equal(vn_nt_image_read_data_mif(&image, path, &err), -EINVAL);
	snprintf(want, sizeof(want),
		 "%s:2: address \"ff0000\" is beyond the memory, 16711680 words", path);
	assert_string_equal(err.text, want);
	unlink(path);
	vn_nt_image_fini(&image);
}

static void data_before_its_beginning_has_no_file(void **state)
{
	struct vn_nt_image image = made();
	struct vn_err err;
	FILE *f = fopen("/dev/null", "w");

	assert_non_null(f);
	image.pieces[0].addr = 0x0403fffc;
	assert_int_equal(vn_nt_image_write_data_mif(&image, f, &err), -EINVAL);
	assert_string_equal(err.text, "data before 0x04040000, where a data file begins");
	fclose(f);
	vn_nt_image_fini(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_are_text_and_pieces),
		cmocka_unit_test(text_may_have_gaps_and_overlaps),
		cmocka_unit_test(names_of_addresses),
		cmocka_unit_test(names_of_one_address),
		cmocka_unit_test(a_program_without_names_is_one),
		cmocka_unit_test(each_mistake_is_named),
		cmocka_unit_test(every_beginning_is_refused),
		cmocka_unit_test(names_stay_in_their_table),
		cmocka_unit_test(overlapping_segments_are_bounded),
		cmocka_unit_test(files_are_read),
		cmocka_unit_test(mifs_are_the_same_program),
		cmocka_unit_test(mifs_have_their_memories_size),
		cmocka_unit_test(data_before_its_beginning_has_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
