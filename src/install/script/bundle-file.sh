# Sets `parts` (how many files), `part_size` (bytes, of all but the last) and `total`.
find_bundle() {
  split=no
  case $bundle in
    *.tar.[0-9][0-9][0-9] | *.001) bundle=${bundle%.*} split=yes ;;
    *) if [ ! -f "$bundle" ]; then split=yes; fi ;;
  esac
  parts=1
  if [ "$split" = yes ]; then count_parts; fi
  set_part 1
  if [ "$parts" -eq 0 ] || { [ "$split" = no ] && [ ! -r "$part" ]; }; then
    fail 2 'the bundle cannot be read' "$bundle" \
      'give the path of the NAME-VERSION.tar that create wrote, or of its first part'
  fi
  measure_parts
  # oras takes a name with a colon for another host; a link has a name that every tool takes.
  set_part 1
  if [ "$parts" -eq 1 ]; then ln -s -- "$part" "$private/bundle.tar"; fi
}

# set_part NUMBER: sets `part` to the path of a file of the bundle.
set_part() {
  part=$bundle
  if [ "$split" = no ]; then return; fi
  case $1 in
    ?) part=$part.00$1 ;;
    ??) part=$part.0$1 ;;
    *) part=$part.$1 ;;
  esac
}

count_parts() {
  parts=0 number=1
  while [ "$number" -le 999 ]; do
    set_part "$number"
    if [ -e "$part" ]; then parts=$number; fi
    number=$((number + 1))
  done
}

measure_parts() {
  total=0 number=1
  while [ "$number" -le "$parts" ]; do
    set_part "$number"
    if [ ! -f "$part" ] || [ ! -r "$part" ]; then part_missing; fi
    # What else tells a size (stat, wc) is another one everywhere, or reads it all.
    # shellcheck disable=SC2012
    size=$(ls -lnL -- "$part" | awk 'NR == 1 { print $5 }')
    if [ "$number" -eq 1 ]; then part_size=$size; fi
    if is_less "$part_size" "$size" || { [ "$number" -lt "$parts" ] && is_less "$size" "$part_size"; }; then
      fail 5 'the parts of the bundle do not fit together' "$part: $size bytes" \
        "copy the parts again, and compare them with ${bundle##*/}.sha256; take away parts of other bundles" \
        "$part_size bytes, as the first part; less in the last one alone"
    fi
    total=$(added "$total" "$size") number=$((number + 1))
  done
  if [ "$parts" -gt 1 ] && ! awk -v size="$part_size" 'BEGIN { exit size % 512 }'; then
    fail 5 'the parts were not made by create --split-size' "parts of $part_size bytes" \
      'join them: cat PART… > NAME-VERSION.tar' 'a multiple of 512 bytes'
  fi
}

part_missing() {
  fail 5 'a part of the bundle is missing' "$part" 'copy that part from where the bundle was made' \
    'all parts of the bundle in one folder'
}

# Holds the size to what the inventory says, once that is known.
check_total() {
  wanted_total=$(awk 'END { print $1 }' "$private/members")
  if [ "$total" = "$wanted_total" ]; then return; fi
  wanted_parts=$(awk -v whole="$wanted_total" -v part="$part_size" 'BEGIN {
    count = int(whole / part)
    printf "%d", count + (count * part < whole)
  }')
  if [ "$split" = yes ] && [ "$parts" -lt "$wanted_parts" ]; then
    set_part "$((parts + 1))"
    part_missing
  elif [ "$split" = yes ] && [ "$parts" -gt "$wanted_parts" ]; then
    set_part "$((wanted_parts + 1))"
    fail 5 'there is a part that is not of this bundle' "$part" \
      "take it away, and compare the others with ${bundle##*/}.sha256" "$wanted_parts parts"
  fi
  set_part "$parts"
  fail 5 'the bundle is truncated or damaged' "$part: $total bytes${split#no}" 'copy the bundle again' \
    "$wanted_total bytes"
}

# stream 'OFFSET LENGTH': that range of the bundle, in whatever files it lies. The offset is a multiple of tar's
# block; dd moves there without reading, and head reads on in larger pieces.
stream() {
  pieces "$1" | while IFS=' ' read -r number blocks bytes; do
    set_part "$number"
    { dd bs=512 skip="$blocks" count=0 2> /dev/null && head -c "$bytes"; } < "$part" || return 1
  done
}

# copy_range 'OFFSET LENGTH' NAME: into that file of the private folder. A bundle that is too short is no failure here:
# its size and its hashes tell that.
copy_range() {
  words=$({ stream "$1" > "$private/$2"; } 2>&1) ||
    fail 10 'a file of the bundle cannot be copied to the temporary folder' "$private/$2: $words" "$make_room"
}

# A line a file that the range lies in: its number, the blocks before, the bytes.
pieces() {
  awk -v range="$1" -v part="$part_size" 'BEGIN {
    split(range, from, " ")
    offset = from[1] + 0
    for (left = from[2] + 0; left > 0; left -= bytes) {
      bytes = part - offset % part
      if (bytes > left) bytes = left
      printf "%d %.0f %.0f\n", int(offset / part) + 1, offset % part / 512, bytes
      offset += bytes
    }
  }'
}
