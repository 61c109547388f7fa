# The record that `load` of the program keeps too, so that each sees what the other has loaded.
check_loaded() {
  find_record
  if [ ! -e "$record" ]; then return; fi
  old_sequence=$(recorded sequence) old_version=$(recorded version) old_digest=$(recorded inventoryDigest)
  if ! is_of_a_bundle; then
    fail 10 'the record of what was loaded cannot be read' "$record" 'delete it if you know what is in the target'
  fi
  check_downgrade 'was loaded last'
}

find_record() {
  base_path=${bundles%bundles/"$name"}
  target=$endpoint${base_path:+/${base_path%/}}
  printf '%s\n%s' "$target" "$name" > "$private/record.key"
  sha256 "$private/record.key"
  state_home=${XDG_STATE_HOME-}
  if [ -z "$state_home" ]; then
    home=$(home_folder)
    if [ -z "$home" ]; then
      fail 10 'there is no place to remember what was loaded' 'no HOME' \
        'set HOME or XDG_STATE_HOME to a folder of yours'
    fi
    state_home=$home/.local/state
  fi
  record=$state_home/airgap-bundle/$name-${sum%"${sum#????????????????}"}.json
}

home_folder() {
  if [ -n "${HOME-}" ]; then
    printf '%s' "$HOME"
  else
    awk -F : -v id="$(id -u)" '$3 == id { printf "%s", $6; exit }' /etc/passwd
  fi
}

# recorded FIELD: one a line, as JSON with an indent of two.
recorded() {
  sed -n "s/^  \"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$record" 2> /dev/null || :
}

record_loaded() {
  # Another one may be at the same record: each writes its own file.
  partial="$record.partial-$$"
  if mkdir -p -- "${record%/*}" && print_record > "$partial" && mv -f -- "$partial" "$record"; then
    return
  fi
  rm -f -- "$partial"
  fail 10 'the images are in the target, but what was loaded cannot be remembered' "$record" \
    'set XDG_STATE_HOME to a folder that can be written, and run again'
}

# No value can hold a quote or a backslash: names and versions are of a narrow grammar, the rest is our own words.
print_record() {
  printf '{\n  "target": "%s",\n  "name": "%s",\n  "version": "%s",\n' "$target" "$name" "$version"
  printf '  "sequence": %s,\n  "inventoryDigest": "%s",\n  "overrides": [' "$sequence" "$inventory_digest"
  if [ -s "$private/overrides" ]; then
    awk '{ printf "%s\n    \"%s\"", (NR > 1 ? "," : ""), $0 } END { printf "\n  " }' "$private/overrides"
  fi
  printf ']\n}\n'
}
