# mksh counts in 32 bits on every host, and other shells on some; awk is exact up to 2^53.
is_less() {
  awk -v one="$1" -v other="$2" 'BEGIN { exit !(one + 0 < other + 0) }'
}

added() {
  awk -v one="$1" -v other="$2" 'BEGIN { printf "%.0f", one + other }'
}
