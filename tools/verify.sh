#!/bin/sh
# Checks a license file with nothing but sed and OpenSSH (8.9 or later): verify.sh FILE ALLOWED_SIGNERS
#
# ALLOWED_SIGNERS holds the vendor's line as `licet key allowed` prints it. ssh-keygen compares a certificate with now;
# a license file is judged at the time at which it was issued, which it states itself and which is signed (issued=).
set -eu

if [ $# -ne 2 ]; then
	echo "usage: verify.sh FILE ALLOWED_SIGNERS" >&2
	exit 2
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# What mail and editors put in, which is not part of the text: carriage returns, blanks and empty lines at the end.
sed -e 's/[ 	\r]*$//' "$1" | sed -e :again -e '/^\n*$/{$d;N;b again' -e '}' >"$folder/file"
sed '/^-----BEGIN SSH SIGNATURE-----$/,$d' "$folder/file" >"$folder/payload"
sed -n '/^-----BEGIN SSH SIGNATURE-----$/,$p' "$folder/file" >"$folder/signature"

vendor=$(sed -n 's/^LICENSE 1 vendor=\([A-Za-z0-9_]*\).*/\1/p' "$folder/payload" | head -n 1)
issued=$(sed -n 's/.*[ ]issued=\([-0-9T:]*\)Z.*/\1/p' "$folder/payload" | head -n 1 | tr -d ':T-')
if [ -z "$vendor" ] || [ -z "$issued" ]; then
	echo "verify.sh: $1 is not a license file" >&2
	exit 2
fi
# OpenSSH takes text behind the block for nothing; licet refuses it, and so does this.
if [ "$(tail -n 1 "$folder/signature")" != "-----END SSH SIGNATURE-----" ] ||
	[ "$(grep -c '^-----END SSH SIGNATURE-----$' "$folder/signature")" != 1 ]; then
	echo "verify.sh: $1 does not end with one signature block" >&2
	exit 1
fi

ssh-keygen -Y verify -f "$2" -I "licensing@$vendor" -n license@licet -Overify-time="${issued}Z" \
	-s "$folder/signature" <"$folder/payload"
