# member_header NAME OFFSET MOST: whether a member of that name, of at most that size, starts there; sets `size`.
member_header() {
  if is_less "$total" "$(($2 + 512))"; then return 1; fi
  copy_range "$2 512" header
  printf '%s\000' "$1" | od -An -v -tx1 > "$private/name.wanted"
  dd if="$private/header" bs=1 count=$((${#1} + 1)) 2> /dev/null | od -An -v -tx1 > "$private/name.found"
  cmp -s "$private/name.wanted" "$private/name.found" || return 1
  size=$(dd if="$private/header" bs=1 skip=124 count=11 2> /dev/null | tr -dc 0-7)
  case ${#size} in
    # An octal one; the arithmetic of mksh takes it for decimal.
    10 | 11) size=$(printf '%d' "0$size") ;;
    *) return 1 ;;
  esac
  ! is_less "$3" "$size"
}

# The two members at the beginning: nothing is known of them yet, so their size is taken from their headers.
take_head() {
  : > "$private/bundle.sig"
  if ! member_header bundle.json 0 25165824; then
    fail 5 'not a bundle' "$bundle" 'give the NAME-VERSION.tar that create wrote, or copy it again' \
      'a tar that starts with bundle.json'
  fi
  next=$((512 + (size + 511) / 512 * 512))
  if is_less "$total" "$next"; then
    fail 5 'the bundle is truncated or damaged' "$bundle: $total bytes" 'copy the bundle again, all of its parts'
  fi
  copy_range "512 $size" bundle.json
  if member_header bundle.sig "$next" 4096; then
    copy_range "$((next + 512)) $size" bundle.sig
    next=$((next + 512 + (size + 511) / 512 * 512))
  fi
}

# Where each member lies, from the inventory: a line each, `offset size path or digest`; the last one is the end.
list_members() {
  awk -F '"' -v at="$next" '
    substr($0, 1, 1) == "\"" { section = $2 }
    substr($0, 1, 1) == "{" && (section == "files" || section == "blobs") {
      size = $7
      gsub(/[^0-9]/, "", size)
      printf "%.0f %.0f %s\n", at + 512, size, $4
      at += 512 + int((size + 511) / 512) * 512
    }
    END { printf "%.0f 0 \n", at + 1024 }
  ' "$private/bundle.json" > "$private/members"
}

# member PATH NAME: copies its bytes to that file of the private folder. A blob is named by its digest.
member() {
  range=$(awk -v path="$1" '$3 == path { print $1, $2; exit }' "$private/members")
  if [ -z "$range" ]; then return 1; fi
  copy_range "$range" "$2"
}
