verify_bundle() {
  say "Verifying $bundle"
  take_head
  if [ -s "$private/bundle.sig" ]; then
    check_signature
  elif [ "$allow_unsigned" = no ]; then
    fail 4 'the bundle is not signed' 'no bundle.sig' \
      'get a signed one, or add --allow-unsigned and trust its carrier' 'a signature by one of the given keys'
  else
    override 'the bundle is unsigned'
  fi
  sha256 "$private/bundle.json"
  inventory_digest=sha256:$sum
  list_members
  check_total
  take_sums
}

# bundle.json has one element of `files` a line, so that the hash of SHA256SUMS can be lifted here.
take_sums() {
  listed=$(sed -n \
    's/^{"path":"SHA256SUMS","size":[0-9]*,"sha256":"\([0-9a-f]\{64\}\)","mode":[0-9]*},\{0,1\}$/\1/p' \
    "$private/bundle.json")
  if [ "${#listed}" -ne 64 ]; then fail 5 'bundle.json does not name SHA256SUMS once' '' 'copy the bundle again'; fi
  take SHA256SUMS "$listed"
}

# take PATH [HASH]: copies one file of the bundle into the private folder, and goes on only if its hash is right.
take() {
  case /$1/ in
    *//* | */./* | */../*) fail 5 'a file of the bundle would leave its folder' "$1" 'have the bundle made again' ;;
  esac
  case $1 in
    */*) mkdir -p -- "$private/${1%/*}" ;;
  esac
  wanted_sum=${2:-$(listed_sum "$1")}
  if [ -z "$wanted_sum" ]; then fail 5 "SHA256SUMS does not name $1" '' 'copy the bundle again'; fi
  member "$1" "$1" || fail 5 "$1 is not in the bundle" '' 'copy the bundle again'
  sha256 "$private/$1"
  if [ "$sum" != "$wanted_sum" ]; then
    fail 5 "$1 was changed after signing" "SHA-256 $sum" 'copy the bundle again' "SHA-256 $wanted_sum"
  fi
}

listed_sum() {
  awk -v path="$1" 'substr($0, 67) == path { print substr($0, 1, 64) }' "$private/SHA256SUMS"
}
