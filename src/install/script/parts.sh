# An OCI layout that has every manifest, and no blob: what oras finds in the registry it does not look for here.
# edges: a line `manifest digest` for each digest that a manifest names.
take_layout() {
  blobs_folder=$private/layout/blobs/sha256
  mkdir -p -- "$blobs_folder"
  for file in oci-layout index.json; do
    take "$file"
    mv -- "$private/$file" "$private/layout/$file"
  done
  : > "$private/edges"
  : > "$private/pushed"
  write_roots
  awk '!seen[$1]++ { print $1 }' "$private/roots" "$private/images.tsv" > "$private/queue"
  while [ -s "$private/queue" ]; do
    : > "$private/later"
    while read -r digest <&3; do take_manifest; done 3< "$private/queue"
    mv -f -- "$private/later" "$private/queue"
  done
}

take_manifest() {
  file=$blobs_folder/${digest#sha256:}
  if [ -e "$file" ] || ! member "$digest" manifest; then return; fi
  sha256 "$private/manifest"
  if [ "sha256:$sum" != "$digest" ]; then blob_fault "$digest"; fi
  mv -f -- "$private/manifest" "$file"
  tr -c 'a-z0-9:' '\n' < "$file" |
    awk -v parent="$digest" 'length($0) == 71 && /^sha256:[0-9a-f]*$/ { print parent, $0 }' > "$private/named"
  cat "$private/named" >> "$private/edges"
  if grep -q '"manifests"[[:space:]]*:' "$file"; then awk '{ print $2 }' "$private/named" >> "$private/later"; fi
}

# push_blobs DIGEST REPOSITORY: what that manifest or index is made of, from the parts; what is there is not read.
push_blobs() {
  blobs_below "$1" > "$private/needed"
  while read -r blob_at blob_size blob <&4; do
    if grep -q -x -F -e "$2@$blob" "$private/pushed"; then continue; fi
    input="$blob_at $blob_size"
    oras_at plain 'blob push' --no-tty --size "$blob_size" -- "$2@$blob" - || {
      input=
      return 1
    }
    input=
    printf '%s\n' "$2@$blob" >> "$private/pushed"
  done 4< "$private/needed"
}

# Their lines of `members`. In a delta, what its base brought has none.
blobs_below() {
  awk -v root="$1" '
    FILENAME ~ /edges$/ { below[$1] = below[$1] " " $2; next }
    { place[$3] = $0 }
    END {
      queue[1] = root
      for (end = 1; at < end; ) {
        digest = queue[++at]
        if (!(digest in below)) { if (digest in place) print place[digest]; continue }
        count = split(below[digest], children, " ")
        for (n = 1; n <= count; n++) if (!seen[children[n]]++) queue[++end] = children[n]
      }
    }
  ' "$private/edges" "$private/members"
}
