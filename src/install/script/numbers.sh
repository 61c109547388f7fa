# mksh counts in 32 bits on every host, and other shells on some; awk is exact up to 2^53.
is_less() {
  awk -v one="$1" -v other="$2" 'BEGIN { exit !(one + 0 < other + 0) }'
}

# is_version X.Y.Z: whether `found` is that version or a newer one; what is missing counts as nought.
is_version() {
  awk -v have="$found" -v want="$1" 'BEGIN {
    split(have, own, "."); split(want, least, ".")
    for (n = 1; n <= 3; n++) if (own[n] + 0 != least[n] + 0) exit !(own[n] + 0 > least[n] + 0)
  }'
}

added() {
  awk -v one="$1" -v other="$2" 'BEGIN { printf "%.0f", one + other }'
}
