#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# build.sh APPLICATION FOLDER OUTPUT [VARIABLE=VALUE...]: builds an application with its
# objects in FOLDER and not beside its source, which may be read-only; OUTPUT is its ELF file.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
source=$here/$1
work=$2
output=$(realpath -m "$3")
program=$1
shift 3

mkdir -p "$work"
make -s -C "$work" -f "$source/Makefile" -I "$source" VPATH="$source $here/common" \
	CPPFLAGS="-I$source" "$@"
cp "$work/$program" "$output"
