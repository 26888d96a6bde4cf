#!/bin/sh
# SPDX-License-Identifier: MIT
#
# When all tests are over: unload the driver, and let kmemleak look for what it has left behind.
kmemleak=/sys/kernel/debug/kmemleak

if ! rmmod nvdla; then
	echo "not ok - the driver can be unloaded"
	exit 1
fi
echo "ok - the driver can be unloaded"
if ! [ -e $kmemleak ]; then
	echo "ok - nothing is left behind # SKIP no kmemleak in this kernel"
	exit 0
fi
# It looks at nothing younger than five seconds.
sleep 6
echo scan >$kmemleak
left=$(cat $kmemleak)
if [ -z "$left" ]; then
	echo "ok - nothing is left behind"
	exit 0
fi
echo "$left" | sed 's/^/# /'
echo "not ok - nothing is left behind"
exit 1
