#!/bin/sh
# SPDX-License-Identifier: MIT
# Certificates and keys for a federation: certificates.sh FOLDER SERVER [NODE...]
#
# SERVER is the name or the address by which devices reach the server. Makes, if it is not there,
#   ca.pem ca.key           who vouches for the server; devices have ca.pem, nobody else ca.key
#   server.pem server.key   for flower-superlink
#   NODE.key NODE.pub       for a device; the server is told NODE.pub by flwr supernode register
set -eu
umask 077
usage="certificates.sh FOLDER SERVER [NODE...]"
folder=${1:?$usage} server=${2:?$usage}
shift 2
for node; do
	case $node in
	ca | server | */* | '') echo "certificates.sh: no device can be called '$node'" >&2; exit 1 ;;
	esac
done
mkdir -p "$folder"
cd "$folder"

if [ ! -e ca.pem ]; then
	openssl ecparam -name prime256v1 -genkey -noout -out ca.key
	openssl req -x509 -new -key ca.key -sha256 -days 3650 -subj "/CN=federation" -out ca.pem \
		-addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign"
fi
if [ ! -e server.pem ]; then
	case $server in
	*:*) names="IP:$server,DNS:localhost,IP:127.0.0.1" ;;
	*[!0-9.]*) names="DNS:$server,DNS:localhost,IP:127.0.0.1" ;;
	*) names="IP:$server,DNS:localhost,IP:127.0.0.1" ;;
	esac
	openssl ecparam -name prime256v1 -genkey -noout -out server.key
	openssl req -new -key server.key -subj "/CN=$server" -out server.csr
	printf 'subjectAltName=%s\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n' "$names" >server.ext
	openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 825 -sha256 -extfile server.ext \
		-out server.pem 2>/dev/null
	rm server.csr server.ext
fi
for node; do
	[ ! -e "$node.key" ] || continue
	# OpenSSH's formats; Flower takes keys of NIST's curves.
	ssh-keygen -q -t ecdsa -b 384 -N "" -C "$node" -f "$node.key"
	mv "$node.key.pub" "$node.pub"
done
