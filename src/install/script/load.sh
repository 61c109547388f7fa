load_images() {
  say 'Loading the images'
  if has_program; then load_with_node; else load_with_oras; fi
}

load_with_node() {
  set --
  if [ -n "$site" ]; then set -- "$@" --site "$site"; fi
  if [ -n "$push_username" ]; then
    # One line break of a password file is not part of the password.
    printf '\n' >> "$private/push-password"
    set -- "$@" --push-username "$push_username" --push-password-file "$private/push-password"
  fi
  if [ "$allow_downgrade" = yes ]; then set -- "$@" --allow-downgrade; fi
  if [ "$allow_plain" = yes ]; then set -- "$@" --allow-plain-http-credentials; fi
  program act load "$@" || exit "$?"
}

# Without Node: the roots bring every blob into the bundle repository once, then each image is placed by mounts
# from there. Where the registry refuses that, image by image. oras checks each blob against its digest.
# Of a bundle in parts oras gets each blob by its standard input, and a layout with nothing but the manifests.
load_with_oras() {
  if [ "$(setting imagesEmbedded)" = true ]; then
    say '  without Node, blobs are checked by digest while they are pushed; those that need no push are not read.'
    say '  --only verify reads all of them'
  fi
  check_loaded
  if [ "$dry_run" = yes ]; then
    show_load
    return
  fi
  failed=0 damaged=no
  find_missing
  if [ -s "$private/todo.tsv" ]; then
    if [ "$(setting imagesEmbedded)" != true ]; then
      fail 8 'the registry lacks images that this bundle does not carry' \
        "$(awk -F "$tab" 'END { print NR }' "$private/todo.tsv") placements" 'run airgap-bundle mirror first'
    fi
    find_base
    if [ "$parts" -gt 1 ]; then take_layout; fi
    push_roots
    place_all
  fi
  if [ "$damaged" = yes ]; then blob_fault 'see above'; fi
  if [ "$failed" -ne 0 ]; then
    fail "$failed" 'not every image is in the registry' 'see above' 'mend what is said above, and run again'
  fi
  record_loaded
}

# blob_fault WORDS
blob_fault() {
  fail 5 'a blob of the bundle is damaged' "$1" "copy the bundle again, and compare it with ${bundle##*/}.sha256"
}

show_load() {
  embedded=$(setting imagesEmbedded)
  if [ -n "$base" ]; then
    say "  would look first for the $(awk 'END { print NR }' "$private/base.tsv") blobs that $base brought"
  fi
  if [ "$parts" -gt 1 ]; then say '  would push the blobs first, each from the parts by oras blob push'; fi
  write_roots
  while IFS=' ' read -r root tag <&3; do copy_from_bundle "$root" "$endpoint/$bundles:$tag"; done 3< "$private/roots"
  while IFS=$tab read -r digest type repository tag how _ <&3; do
    if [ "$how" = push ] && [ "$embedded" = true ]; then
      if is_index "$type"; then copy_from_bundle "$digest" "$endpoint/$bundles"; fi
      copy_in_target "$digest" "$endpoint/$repository:$tag"
    else
      oras_at plain resolve -- "$endpoint/$repository:$tag"
    fi
  done 3< "$private/images.tsv"
}

# Asks for every placement; those that are not right go to todo.tsv.
find_missing() {
  : > "$private/todo.tsv"
  while IFS=$tab read -r digest type repository tag how source <&3; do
    resolve "$endpoint/$repository:$tag"
    if [ "$found" = "$digest" ]; then
      say "  there   $endpoint/$repository:$tag"
    elif [ "$how" = push ]; then
      printf '%s\t%s\t%s\t%s\t%s\n' "$digest" "$type" "$repository" "$tag" "$source" >> "$private/todo.tsv"
    else
      note_failure 8 "$endpoint/$repository:$tag" "the pull-through cache has ${found:-nothing}, not $digest"
    fi
  done 3< "$private/images.tsv"
}

# One refusal costs one image: the others go on. The smallest code is the one to exit with.
note_failure() {
  harmless "  failed  $2" >&2
  harmless "          $3" >&2
  if [ "$failed" -eq 0 ] || [ "$1" -lt "$failed" ]; then failed=$1; fi
}
