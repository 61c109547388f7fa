# A delta leaves out what its base brought. Those blobs must be in the registry before anything is written: all in
# the bundle repository, or else each in every repository that it goes into.
find_base() {
  by_mount=yes
  if [ -z "$base" ] || base_is_in_bundles; then return; fi
  by_mount=no
  blobs=0 lacking=0 lacking_bytes=0 examples=
  while IFS=$tab read -r digest size homes <&3; do
    blobs=$((blobs + 1))
    if has_blob_everywhere; then continue; fi
    lacking=$((lacking + 1)) lacking_bytes=$(added "$lacking_bytes" "$size")
    if [ "$lacking" -le 3 ]; then examples="$examples${examples:+, }$digest"; fi
  done 3< "$private/base.tsv"
  if [ "$lacking" -eq 0 ]; then return; fi
  fail 8 "the bundle builds on $base, of which $endpoint lacks $lacking of $blobs blobs, $lacking_bytes bytes" \
    "missing: $examples$(if [ "$lacking" -gt 3 ]; then printf ' and %s more' "$((lacking - 3))"; fi)" \
    "load $(setting baseName)-$(setting baseVersion).tar first, or use a bundle that was made without --since" \
    "what $base brings, inventory $(setting baseInventory)"
}

base_is_in_bundles() {
  while IFS=$tab read -r digest size _ <&3; do has_blob "$bundles" || return 1; done 3< "$private/base.tsv"
}

has_blob_everywhere() {
  for home in $homes; do has_blob "$home" || return 1; done
}

# has_blob REPOSITORY: whether it has `digest` in its `size`. Registries hide what is not there behind 401 and 403.
has_blob() {
  if try_oras read oras_at plain 'blob fetch' --descriptor -- "$endpoint/$1@$digest"; then
    grep -q "\"size\":$size}" "$private/oras.out"
    return
  fi
  case $class in
    0 | 7) return 1 ;;
  esac
  stop_for_oras "$endpoint/$1@$digest"
}
