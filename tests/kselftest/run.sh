#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Run the tests that lie beside this script, with the driver loaded, and watch what the kernel says
# meanwhile: a warning fails, whatever the tests say. Prints TAP; needs no more than busybox.
#
#	run.sh [PROGRAM[/TEST]...]
#
# Without arguments, all that a device can pass that does what it should: "hang" wants others.
here=$(dirname "$0")
bad='WARNING:|BUG:|Oops|Internal error|Call trace|KASAN|UBSAN|refcount_t|locking dependency|suspicious RCU|DMA-API:|leaked|scheduling while|sleeping function'

[ $# -gt 0 ] || set -- device buffers programs submit sync life abuse unplug
status=0
for name in "$@"; do
	program=${name%%/*}
	test=${name#"$program"}
	mark="kselftest $name $$"
	echo "$mark" >/dev/kmsg
	echo "# $name"
	"$here/$program" ${test:+"${test#/}"} || status=1
	said=$(dmesg | sed "1,\\|$mark|d" | grep -E "$bad")
	if [ -z "$said" ]; then
		echo "ok - kernel log of $name"
	else
		echo "$said" | sed 's/^/# /'
		echo "not ok - kernel log of $name"
		status=1
	fi
done
exit $status
