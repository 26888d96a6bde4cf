#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Is the kernel's log read at all? Says in it what must not go unnoticed.
here=$(dirname "$0")
. "$here/log.sh"

status=0
log_begin nothing
echo "nvdla: all is well" >/dev/kmsg
log_result nothing || status=1

tab=$(printf '\t')
log_begin examples
while IFS=$tab read -r pattern example; do
	case $pattern in
	\#*) ;;
	*) echo "$example" >/dev/kmsg ;;
	esac
done <"$here/splats"
if noticed=$(log_result examples); then
	echo "not ok - trouble fails"
	status=1
else
	echo "ok - trouble fails"
fi
while IFS=$tab read -r pattern example; do
	case $pattern in
	\#*) continue ;;
	esac
	case $noticed in
	*"$example"*)
		echo "ok - noticed: $pattern" ;;
	*)
		echo "not ok - noticed: $pattern"
		status=1 ;;
	esac
done <"$here/splats"
# Each test is watched, too.
if "$here/watch" >/dev/null; then
	echo "not ok - trouble fails a test that saw none"
	status=1
else
	echo "ok - trouble fails a test that saw none"
fi
exit $status
