write_roots() {
  awk -v key="root$tab" 'index($0, key) == 1 { print substr($0, length(key) + 1) }' \
    "$private/settings.tsv" > "$private/roots"
}

push_roots() {
  if [ "$by_mount" = no ]; then return; fi
  write_roots
  while IFS=' ' read -r root tag <&3; do
    resolve "$endpoint/$bundles:$tag"
    if [ "$found" = "$root" ]; then continue; fi
    if try_oras push copy_from_bundle "$root" "$endpoint/$bundles:$tag"; then continue; fi
    if [ "$class" -ne 8 ]; then stop_for_oras "$endpoint/$bundles:$tag"; fi
    say "  the registry refused the bundle repository $bundles, so each image is copied by itself:"
    say "    $words"
    by_mount=no
    break
  done 3< "$private/roots"
}

place_all() {
  while IFS=$tab read -r digest type repository tag source <&3; do
    place "$digest" "$type" "$endpoint/$repository:$tag"
  done 3< "$private/todo.tsv"
}

# place DIGEST TYPE REFERENCE
place() {
  if [ "$by_mount" = yes ] && place_by_mount "$@"; then
    state=placed
  elif try_oras push copy_from_bundle "$1" "$3"; then
    state=copied
  else
    if [ "$class" -eq 5 ]; then damaged=yes; fi
    note_failure "$class" "$3" "$words"
    return
  fi
  resolve "$3"
  if [ "$found" = "$1" ]; then
    say "  $state  $3"
  else
    note_failure 5 "$3" "resolves to ${found:-nothing} after the push, not $1"
  fi
}

# The roots name manifests alone; an image's own index is put beside them once its manifests are there.
place_by_mount() {
  if is_index "$2"; then try_oras push copy_from_bundle "$1" "$endpoint/$bundles" || return 1; fi
  try_oras push copy_in_target "$1" "$3"
}

is_index() {
  case $1 in
    *.index.* | *.list.*) return 0 ;;
  esac
  return 1
}

copy_from_bundle() {
  layout=$private/bundle.tar
  if [ "$parts" -gt 1 ]; then
    layout=$private/layout
    if [ "$dry_run" = no ]; then push_blobs "$1" "$(repository_of "$2")" || return 1; fi
  fi
  oras_at to- cp --no-tty --from-oci-layout -- "$layout@$1" "$2"
}

repository_of() {
  case ${1##*/} in
    *:*) printf '%s' "${1%:*}" ;;
    *) printf '%s' "$1" ;;
  esac
}

copy_in_target() {
  oras_at 'from- to-' cp --no-tty -- "$endpoint/$bundles@$1" "$2"
}

# Sets `found` to the digest that a reference has in the registry; empty when it is not there.
resolve() {
  found=
  if try_oras read oras_at plain resolve -- "$1"; then
    found=$(cat "$private/oras.out")
  elif [ "$class" -ne 0 ]; then
    stop_for_oras "$1"
  fi
}
