#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Run the tests that lie beside this script, with the driver loaded, and watch what the kernel says
# meanwhile: a warning fails, whatever the tests say. Prints TAP; needs no more than busybox.
#
#	run.sh [NAME...]
here=$(dirname "$0")
bad='WARNING:|BUG:|Oops|Internal error|Call trace|KASAN|UBSAN|refcount_t|lockdep|DMA-API|leaked|scheduling while'

[ $# -gt 0 ] || set -- device buffers programs submit sync life abuse unplug hang
status=0
for name in "$@"; do
	mark="kselftest $name $$"
	echo "$mark" >/dev/kmsg
	echo "# $name"
	"$here/$name" || status=1
	said=$(dmesg | sed "1,/$mark/d" | grep -E "$bad")
	if [ -z "$said" ]; then
		echo "ok - kernel log of $name"
	else
		echo "$said" | sed 's/^/# /'
		echo "not ok - kernel log of $name"
		status=1
	fi
done
exit $status
