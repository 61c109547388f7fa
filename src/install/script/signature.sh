# The signature must be the one base64 spelling of its bytes, on one line: lenient decoders accept others.
check_signature() {
  if [ "$keys" -eq 0 ]; then
    override 'the signature was not checked: no key was given'
    return
  fi
  tr -d '\n' < "$private/bundle.sig" > "$private/sig.line"
  decode "$private/sig.line" "$private/sig.bin" ||
    fail 4 'the signature is malformed' 'no base64' 'copy the bundle again'
  encode "$private/sig.bin" "$private/sig.again"
  printf '\n' >> "$private/sig.again"
  cmp -s "$private/bundle.sig" "$private/sig.again" ||
    fail 4 'the signature is malformed' 'base64 of another spelling' 'copy the bundle again' 'one canonical line'
  untested=
  number=1
  while [ "$number" -le "$keys" ]; do
    try_key "$private/key.$number" && return
    number=$((number + 1))
  done
  if [ -n "$untested" ]; then
    fail 3 "the openssl of this host cannot check $untested signatures" "$(openssl version)" \
      'use OpenSSL 3, or sign with keygen --type ecdsa-p256 (OpenSSL 1.1, LibreSSL and FIPS hosts)'
  fi
  fail 4 'no key that was given made this signature' "$keys key(s) tried" \
    'check that bundle and key belong together, and copy the bundle again' 'a signature by one of the given keys'
}

try_key() {
  type=$(cat "$1.type")
  can_check "$type" || {
    untested=$type
    return 1
  }
  openssl_verify "$type" "$1.pem" "$private/sig.bin" "$private/bundle.json" || return 1
  sha256 "$1.der"
  if grep -q -x -F -e "$sum" "$private/revoked"; then
    fail 4 'the bundle is signed with a revoked key' "SHA256:$sum" 'get a bundle that is signed with the current key'
  fi
  say "  signed by the $type key SHA256:$sum"
}

# The algorithm follows from the key, never from the bundle.
openssl_verify() {
  case $1 in
    ed25519) openssl pkeyutl -verify -rawin -pubin -inkey "$2" -sigfile "$3" -in "$4" > /dev/null 2>&1 ;;
    *) openssl dgst -sha256 -verify "$2" -signature "$3" "$4" > /dev/null 2>&1 ;;
  esac
}

# Whether this openssl accepts a signature that is known to be good.
can_check() {
  case $1 in
    ed25519)
      public='MCowBQYDK2VwAyEA2vfEzKogN2i13/tBd/PGCWZ2177TS/nfDXnymtvgqZQ='
      known='nkDfxeBb2UDQckEBvaKGiesbh5RqDOwh0utZlsfxtWZU4DnzKys7nIMwEqnv1qCrOx1rVDaeM1NJrV7GHoYyAg=='
      ;;
    *)
      public='MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAESkyO56cFxCfkAFlC8xTU8MkbzPFS
/i+WmkohNkxb3GMM2331gZ/57C/RslPtKWn5augfzhR8y9VJcB2xjMmcQw=='
      known='MEQCIHGWS/6vU1q4fzLKWM9BwrSocVJTgFw7omNEie85uB1GAiAIfEXlv0txUp3gaKtWZPtplUaVZR8bBsbIscujEVesEQ=='
      ;;
  esac
  printf -- '-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n' "$public" > "$private/known.pem"
  printf '%s' "$known" > "$private/known.line"
  decode "$private/known.line" "$private/known.sig" || return 1
  printf 'airgap-bundle\n' > "$private/known.txt"
  openssl_verify "$1" "$private/known.pem" "$private/known.sig" "$private/known.txt"
}
