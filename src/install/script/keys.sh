# A copy, so that the key that is checked is the key that is used.
keep_key() {
  keys=$((keys + 1))
  tr -d '\r' 2> /dev/null < "$1" > "$private/key.$keys" ||
    fail 2 'the key cannot be read' "$1" 'give the path of the .pub file that keygen wrote'
  printf '%s\n' "$1" > "$private/key.$keys.name"
}

read_keys() {
  number=1
  while [ "$number" -le "$keys" ]; do
    read_key "$private/key.$number" "$(cat "$private/key.$number.name")"
    number=$((number + 1))
  done
}

# The key's bytes are looked at, not asked of openssl: an old one cannot name an Ed25519 key.
read_key() {
  sed -n '/^-----BEGIN PUBLIC KEY-----$/,/^-----END PUBLIC KEY-----$/p' "$1" > "$1.pem"
  grep -v '^-----' "$1.pem" > "$1.b64" ||
    fail 2 'a --key is no public key in PEM' "$2" 'give the .pub file that keygen wrote'
  tr -d '\n' < "$1.b64" > "$1.line"
  decode "$1.line" "$1.der" ||
    fail 2 'a --key is no public key in PEM' "$2" 'give the .pub file that keygen wrote'
  od -An -v -tx1 "$1.der" > "$1.hex"
  case $(tr -d ' \n' < "$1.hex") in
    302a300506032b6570032100????????????????????????????????????????????????????????????????)
      printf ed25519 > "$1.type"
      ;;
    3059301306072a8648ce3d020106082a8648ce3d03010703420004*) printf ecdsa-p256 > "$1.type" ;;
    *) fail 2 'a --key is not exactly one Ed25519 or ECDSA P-256 key' "$2" 'give each key by its own --key' ;;
  esac
}

# Sets up `revoked`, with an id a line. What names no key is refused: it would revoke nothing.
read_revoked() {
  : > "$private/revoked"
  if [ ! -e "$private/revoked.words" ]; then return; fi
  while IFS= read -r word <&3; do
    if is_key_id "$word"; then
      printf '%s\n' "${word#SHA256:}" >> "$private/revoked"
    else
      read_revoked_file "$word"
    fi
  done 3< "$private/revoked.words"
}

read_revoked_file() {
  tr -d '\r' 2> /dev/null < "$1" > "$private/revoked.file" ||
    fail 2 "--revoked $1 is neither a key id nor a file of them" '' 'give an id, a .pub file, or a file of ids'
  if grep -q '^-----BEGIN ' "$private/revoked.file"; then
    read_key "$private/revoked.file" "$1"
    sha256 "$private/revoked.file.der"
    printf '%s\n' "$sum" >> "$private/revoked"
    return
  fi
  # read skips a line without an end.
  printf '\n' >> "$private/revoked.file"
  sed -e 's/#.*//' -e "s/[ $tab]//g" -e '/^$/d' "$private/revoked.file" > "$private/revoked.ids"
  if [ ! -s "$private/revoked.ids" ]; then fail 2 "--revoked $1 names no key" '' 'put a key id into it, one a line'; fi
  while IFS= read -r word <&4; do
    is_key_id "$word" || fail 2 "--revoked $1 holds what is no key id" "$word" '' '64 lower-case hex digits'
    printf '%s\n' "${word#SHA256:}" >> "$private/revoked"
  done 4< "$private/revoked.ids"
}

is_key_id() {
  case ${1#SHA256:} in
    *[!0-9a-f]*) return 1 ;;
  esac
  id=${1#SHA256:}
  [ "${#id}" -eq 64 ]
}
