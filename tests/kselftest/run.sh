#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Run the tests that lie beside this script, with the driver loaded, and watch what the kernel says
# meanwhile, as each test does itself: a warning fails, whatever the tests say. Prints TAP; needs no
# more than busybox.
#
#	run.sh [PROGRAM[/TEST]...]
#
# Without arguments, all that a device can pass that does what it should: "hang" wants others.
here=$(dirname "$0")
. "$here/log.sh"

[ $# -gt 0 ] || set -- device buffers programs luts submit sync times life fair errors dmabuf fault abuse observe \
	netlink lessons unplug suspend races
status=0
for name in "$@"; do
	program=${name%%/*}
	test=${name#"$program"}
	echo "# $name"
	log_begin "$name"
	"$here/$program" ${test:+"${test#/}"} || status=1
	log_result "$name" || status=1
done
exit $status
