# setting KEY: its value without a line end; nothing when there is no such line.
setting() {
  awk -v key="$1$tab" -v ORS= 'index($0, key) == 1 { print substr($0, length(key) + 1); exit }' \
    "$private/settings.tsv"
}

read_settings() {
  take settings.tsv
  if [ "$(setting format)" != 1 ]; then
    fail 3 'this install.sh is too old for the bundle' "format $(setting format)" \
      'use the install.sh that came with the bundle' 'format 1'
  fi
  derive_site
  take_for_target images.tsv
  name=$(setting name) version=$(setting version) sequence=$(setting sequence)
  environment=$(setting environment) endpoint=$(setting endpoint) bundles=$(setting bundleRepository)
  plain_http=$(setting plainHttp) insecure=$(setting insecureSkipVerify)
  release=$(setting release) chart=$(setting chart) registry_key=$(setting registryKey)
  base=$(setting baseName)
  if [ -n "$base" ]; then
    take_for_target base.tsv
    base="$base $(setting baseVersion)"
  fi
  if [ -z "$namespace" ]; then namespace=$(setting namespace); fi
  namespace=${namespace:-default}
  case $endpoint$name$version in
    *[!]A-Za-z0-9.:_+[-]*)
      fail 5 'settings.tsv holds a name that no tool takes' "$endpoint $name $version" 'have the bundle made again'
      ;;
  esac
  # helm would take a name that begins with a hyphen for a flag.
  case $release,$namespace,$registry_key in
    -* | *,-* | *[!A-Za-z0-9.,-]*)
      fail 5 'settings.tsv holds a name that helm does not take' "$release $namespace $registry_key" \
        'have the bundle made again'
      ;;
  esac
  setting caCert > "$private/ca.line"
  if [ -s "$private/ca.line" ]; then
    decode "$private/ca.line" "$private/ca.pem" || fail 5 'caCert is no base64' '' 'have the bundle made again'
  fi
  if [ "$environment" = airgap ]; then
    take "$chart"
    take_for_target values.yaml
  fi
}

check_dates() {
  now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  if is_before "$now" "$(setting notBefore)"; then
    date_fault 'the clock of this host is wrong, or the bundle is from the future' \
      "now $now, made $(setting createdAt)" 'set the clock'
  fi
  expires=$(setting expiresAt)
  if [ -n "$expires" ] && is_before "$expires" "$now"; then
    date_fault 'the bundle has expired' "at $expires, now $now" 'get a newer one'
  fi
}

is_before() {
  is_less "$(printf '%s' "$1" | tr -dc 0-9)" "$(printf '%s' "$2" | tr -dc 0-9)"
}

date_fault() {
  if [ "$allow_expired" = no ]; then fail 6 "$1" "$2" "$3, or add --allow-expired"; fi
  override "$1 ($2)"
}
