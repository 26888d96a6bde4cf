#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Is the kernel's log read at all? Says in it, one after the other, what must not go unnoticed.
here=$(dirname "$0")
. "$here/log.sh"

status=0
number=0
log_begin nothing
echo "nvdla: all is well" >/dev/kmsg
log_result nothing || status=1

tab=$(printf '\t')
while IFS=$tab read -r pattern example; do
	case $pattern in
	\#*) continue ;;
	esac
	log_begin "$((number += 1))"
	echo "$example" >/dev/kmsg
	if log_result "$pattern" >/dev/null; then
		echo "not ok - noticed: $pattern"
		status=1
	else
		echo "ok - noticed: $pattern"
	fi
done <"$here/splats"
exit $status
