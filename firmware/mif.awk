# SPDX-License-Identifier: BSD-2-Clause
# From bytes in hexadecimal, four a line (od -t x1 -w4), to a memory
# initialization file of 32-bit words, the first byte of a word the highest.
# DEPTH is the 65536 words of the card's loader; a larger file has the next power of two.

{
	word = $1 $2 $3 $4
	line[NR - 1] = substr(word "000000", 1, 8)
}

END {
	n = NR
	if (n == 0)
		line[n++] = "00000000"
	for (depth = 65536; depth < n; depth *= 2)
		;
	printf "WIDTH=32;\nDEPTH=%d;\n\nADDRESS_RADIX=HEX;\nDATA_RADIX=HEX;\n\n", depth
	printf "CONTENT BEGIN\n\n"
	for (i = 0; i < n; i++)
		printf "%08x : %s;\n", i, line[i]
	print "END;"
}
