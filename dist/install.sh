#!/bin/sh
# Installs a bundle made by airgap-bundle on a host behind the air gap. Needs no Node: POSIX sh, openssl,
# and of oras, kubectl and helm those that the steps use.
#
# Nothing of a bundle is written into this text. What the script knows of one it reads from the bundle's own
# flat tables, after openssl has accepted the signature over bundle.json and the table's hash hangs on that.
# Credentials go through files that only this user can read; never through arguments, never through eval.
set -euf
umask 077
LC_ALL=C
export LC_ALL
unset CDPATH TAR_OPTIONS IFS
tab=$(printf '\t')
newline='
'

usage() {
  cat <<'END'
Usage: sh install.sh BUNDLE --key PUB [options]

BUNDLE is NAME-VERSION.tar, also when that lies in parts (NAME-VERSION.tar.001 and on): they are read in place.

Checks the bundle's signature, puts its images into the target registry, applies the Secret registry-info in
jet-system, installs the image-swap chart and reads MIRROR_REGISTRIES back.

  --key PUB                  public key in PEM that may have signed the bundle; may be given more than once
  --revoked ID|FILE          key whose signatures are refused: its id, its .pub, or a file with an id a line; may
                             be given more than once
  --username U               what the cluster pulls with, into the Secret and the chart's values; without it
                             the credential that the cluster's Secret has is kept
  --password-file FILE         its password (or AIRGAP_BUNDLE_PASSWORD)
  --push-username U          who pushes the images; default: the login of docker or oras on this host
  --push-password-file FILE    its password (or AIRGAP_BUNDLE_PUSH_PASSWORD)
  --only STEP[,STEP]         only these of load, secret, chart, check
  --skip STEP[,STEP]         all but these (not together with --only)
  --dry-run                  verify, then print what would be run; contacts nothing
  --yes                      do not ask; without it, it asks only on a terminal
  --wait                     wait until the chart's workloads are ready
  --create-namespace         create the namespaces that are missing
  --namespace NS             of the chart's release; default: default
  --kubeconfig FILE          passed to kubectl and helm
  --context NAME             passed to kubectl and helm
  --uninstall                take the chart, the Secret and our note in the cluster away again; images stay
  --allow-unsigned           take a bundle without a signature
  --allow-expired            take a bundle whose dates do not fit the clock
  --allow-downgrade          replace a newer bundle, or another one of the same version
  --allow-plain-http-credentials
                             send the push password over plain HTTP to a host that is not this one

With Node 20.18.1 or newer every byte of the bundle is verified before anything is pushed. Without it, the
inventory and the files are verified and blobs are checked by digest while they are pushed.

Exit codes: 0 done, 2 usage, 3 tool missing or too old, 4 signature, 5 integrity, 6 expired or older than the
installed bundle, 7 login refused, 8 refused by the registry, 9 run again to resume, 10 local file, 11 cluster.
END
}

main() {
  take_variables
  make_private_folder
  read_arguments "$@"
  require_tool openssl awk sed tr fold cmp od date dd
  keep_logins
  read_keys
  read_revoked
  verify_bundle
  read_settings
  check_dates
  choose_steps
  check_tools
  if wanted load; then write_registry_config; fi
  show_plan
  confirm
  if [ "$uninstall" = yes ]; then
    uninstall
    return
  fi
  if uses_cluster; then look_at_cluster; fi
  if wanted load; then load_images; fi
  if wanted secret; then apply_secret; fi
  if wanted chart; then install_chart; fi
  if wanted check; then check_secret; fi
  if wanted secret; then record_bundle; fi
  if [ "$dry_run" = yes ]; then say 'Nothing was changed (--dry-run).'; else say 'Done.'; fi
}

# --- arguments ----------------------------------------------------------------------------------------

read_arguments() {
  bundle='' keys=0 username='' password_file='' push_username='' push_password_file=''
  only='' skip='' namespace='' kubeconfig='' context=''
  dry_run=no yes=no wait=no create_namespace=no uninstall=no
  allow_unsigned=no allow_expired=no allow_downgrade=no allow_plain=no
  while [ $# -gt 0 ]; do
    case $1 in
      --*=*)
        flag=${1%%=*} value=${1#*=}
        shift
        set -- "$flag" "$value" "$@"
        continue
        ;;
      -h | --help)
        usage
        exit 0
        ;;
      --dry-run) dry_run=yes ;;
      --yes) yes=yes ;;
      --wait) wait=yes ;;
      --create-namespace) create_namespace=yes ;;
      --uninstall) uninstall=yes ;;
      --allow-unsigned) allow_unsigned=yes ;;
      --allow-expired) allow_expired=yes ;;
      --allow-downgrade) allow_downgrade=yes ;;
      --allow-plain-http-credentials) allow_plain=yes ;;
      --key | --username | --password-file | --push-username | --push-password-file | --only | --skip | \
        --namespace | --kubeconfig | --context | --revoked)
        if [ $# -lt 2 ] || [ -z "$2" ]; then fail 2 "$1 needs a value" '' 'sh install.sh --help'; fi
        read_flag "$1" "$2"
        shift
        ;;
      -?*) fail 2 'there is no such flag' "$1" 'sh install.sh --help' ;;
      *)
        if [ -n "$bundle" ]; then fail 2 'more than one bundle is given' "$bundle and $1" 'sh install.sh --help'; fi
        bundle=$1
        ;;
    esac
    shift
  done
  check_arguments
}

read_flag() {
  case $1 in
    --key) keep_key "$2" ;;
    --revoked) printf '%s\n' "$2" | tr ',' '\n' >> "$private/revoked.words" ;;
    --username) username=$2 ;;
    --password-file) password_file=$2 ;;
    --push-username) push_username=$2 ;;
    --push-password-file) push_password_file=$2 ;;
    --only) only=$2 ;;
    --skip) skip=$2 ;;
    --namespace) namespace=$2 ;;
    --kubeconfig) kubeconfig=$2 ;;
    --context) context=$2 ;;
  esac
}

check_arguments() {
  mode=run
  if [ "$dry_run" = yes ]; then mode=show; fi
  if [ -z "$bundle" ]; then fail 2 'no bundle is given' '' 'sh install.sh NAME-VERSION.tar --key KEY.pub'; fi
  if [ "$keys" -eq 0 ] && [ "$allow_unsigned" = no ]; then
    fail 2 'no key is given that may have signed the bundle' '' 'add --key KEY.pub'
  fi
  if [ "$keys" -eq 0 ] && [ -e "$private/revoked.words" ]; then
    fail 2 '--revoked is given, but no --key' '' 'add --key KEY.pub: without it nobody can tell whose a signature is'
  fi
  case $namespace in
    *[!a-z0-9-]*) fail 2 'that is no namespace' "$namespace" 'mend --namespace' 'letters a to z, digits and -' ;;
  esac
  check_step_names --only "$only"
  check_step_names --skip "$skip"
  if [ -n "$only" ] && [ -n "$skip" ]; then
    fail 2 '--only and --skip are both given' "--only $only --skip $skip" 'name the steps by one of them'
  fi
  case $bundle in
    /*) ;;
    *) bundle=$PWD/$bundle ;;
  esac
  find_bundle
}

# --- bundle-file --------------------------------------------------------------------------------------

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
    if [ "$size" -gt "$part_size" ] || { [ "$size" -lt "$part_size" ] && [ "$number" -lt "$parts" ]; }; then
      fail 5 'the parts of the bundle do not fit together' "$part: $size bytes" \
        "copy the parts again, and compare them with ${bundle##*/}.sha256; take away parts of other bundles" \
        "$part_size bytes, as the first part; less in the last one alone"
    fi
    total=$((total + size)) number=$((number + 1))
  done
  if [ "$parts" -gt 1 ] && [ $((part_size % 512)) -ne 0 ]; then
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
  if [ "$total" -eq "$wanted_total" ]; then return; fi
  wanted_parts=$(((wanted_total + part_size - 1) / part_size))
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
  offset=${1% *} left=${1#* }
  while [ "$left" -gt 0 ]; do
    within=$((offset % part_size))
    most=$((part_size - within))
    if [ "$most" -gt "$left" ]; then most=$left; fi
    set_part "$((offset / part_size + 1))"
    { dd bs=512 skip="$((within / 512))" count=0 2> /dev/null && head -c "$most"; } < "$part"
    offset=$((offset + most)) left=$((left - most))
  done
}

# --- chart --------------------------------------------------------------------------------------------

install_chart() {
  say "Installing the chart as $release in $namespace"
  set -- upgrade --install "$release" "$private/$chart" --namespace "$namespace" --values "$private/values.yaml"
  if [ "$pull" = yes ]; then
    set -- "$@" --set-file "$registry_key.username=$private/pull-username"
    set -- "$@" --set-file "$registry_key.password=$private/pull-password"
  fi
  if [ "$wait" = yes ]; then set -- "$@" --wait; fi
  helm_at "$@" || fail 11 'helm could not install the chart' '' \
    "helm status $release --namespace $namespace shows its state; a pending one needs helm rollback or uninstall"
}

helm_at() {
  if [ -n "$context" ]; then set -- --kube-context "$context" "$@"; fi
  if [ -n "$kubeconfig" ]; then set -- --kubeconfig "$kubeconfig" "$@"; fi
  act helm "$@"
}

# --- check --------------------------------------------------------------------------------------------

# The base64 of the cluster and ours are both canonical, so equal text is equal bytes.
check_secret() {
  say 'Reading MIRROR_REGISTRIES back'
  kube "$mode" get secret registry-info --namespace jet-system \
    --output 'jsonpath={.data.MIRROR_REGISTRIES}' < /dev/null > "$private/map.line" ||
    fail 11 'the Secret registry-info cannot be read back' '' 'check that you may read it in jet-system'
  if [ "$dry_run" = yes ]; then
    cat "$private/map.line"
    return
  fi
  setting secret.MIRROR_REGISTRIES > "$private/map.signed"
  decode "$private/map.line" "$private/map" || :
  cmp -s "$private/map.line" "$private/map.signed" ||
    fail 11 'MIRROR_REGISTRIES in the cluster is not the map of this bundle' \
      "$(head -n 3 "$private/map" | cut -c 1-300)" \
      'run it with --only secret,check; then look who else writes the Secret'
  say "$(sed 's/^/  /' "$private/map")"
}

# --- credentials --------------------------------------------------------------------------------------

# Before any child is started, so that none of them gets the passwords in its environment.
take_variables() {
  unset pull_variable push_variable
  pull_variable=${AIRGAP_BUNDLE_PASSWORD-}
  push_variable=${AIRGAP_BUNDLE_PUSH_PASSWORD-}
  unset AIRGAP_BUNDLE_PASSWORD AIRGAP_BUNDLE_PUSH_PASSWORD
}

keep_logins() {
  keep_login pull "$username" "$password_file" "$pull_variable" '' AIRGAP_BUNDLE_PASSWORD
  keep_login push "$push_username" "$push_password_file" "$push_variable" push- AIRGAP_BUNDLE_PUSH_PASSWORD
}

# keep_login WHO USERNAME FILE VALUE FLAGS VARIABLE: WHO-username and WHO-password in the private folder.
keep_login() {
  if [ -z "$2" ]; then
    if [ -n "$3" ]; then fail 2 "a $1 password is given, but no user name" "$3" "add --${5}username"; fi
    return
  fi
  printf '%s' "$2" > "$private/$1-username"
  if [ -n "$3" ]; then
    if [ -d "$3" ] || [ ! -r "$3" ]; then
      fail 2 "the $1 password file cannot be read" "$3" "give the path of a file to --${5}password-file"
    fi
    without_last_line_break '\r?' < "$3" > "$private/$1-password"
  else
    # A here-document and no printf, which some shells run as a program, with arguments that all can see.
    without_last_line_break '' > "$private/$1-password" << END
$4
END
  fi
  if [ ! -s "$private/$1-password" ]; then
    fail 2 "the $1 password is missing" "--${5}username $2${3:+, and $3 is empty}" '' \
      "--${5}password-file FILE, or $6"
  fi
}

without_last_line_break() {
  awk -v end="$1\$" -v ORS= 'NR > 1 { print last "\n" } { last = $0 } END { sub(end, "", last); print last }'
}

# oras gets its login in a file; without one over plain HTTP to another host, no login at all.
write_registry_config() {
  registry_config=
  if [ -z "$push_username" ]; then
    if [ "$plain_http" != true ] || is_loopback || [ "$allow_plain" = yes ]; then return; fi
    printf '{"auths":{}}\n' > "$private/registry.json"
  else
    if [ "$plain_http" = true ] && [ "$allow_plain" = no ] && ! is_loopback; then
      fail 2 "the push password would go to $endpoint in clear text, over plain HTTP" '' \
        'add --allow-plain-http-credentials if that network is trusted'
    fi
    case $push_username in
      *:*) fail 2 'a registry user has no colon in its name' "$push_username" 'mend --push-username' ;;
    esac
    cat "$private/push-username" > "$private/login"
    printf ':' >> "$private/login"
    cat "$private/push-password" >> "$private/login"
    encode "$private/login" "$private/login.b64"
    {
      printf '{"auths":{"%s":{"auth":"' "$endpoint"
      cat "$private/login.b64"
      printf '"}}}\n'
    } > "$private/registry.json"
  fi
  registry_config=$private/registry.json
}

is_loopback() {
  case ${endpoint%:*} in
    localhost | '[::1]') return 0 ;;
    127.*[!0-9.]*) return 1 ;;
    127.*) return 0 ;;
  esac
  return 1
}

# --- delta-base ---------------------------------------------------------------------------------------

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
    lacking=$((lacking + 1)) lacking_bytes=$((lacking_bytes + size))
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

# --- installed ----------------------------------------------------------------------------------------

# The note of the last install: `SEQUENCE VERSION DIGEST` under the bundle's name.
check_installed() {
  template="{{with .data}}{{with index . \"$name\"}}{{.}}{{end}}{{end}}"
  kube run get configmap airgap-bundle --namespace "$namespace" --ignore-not-found \
    --output "go-template=$template" < /dev/null > "$private/installed" ||
    fail 11 'what is installed cannot be read' "ConfigMap airgap-bundle in $namespace" 'check that you may read it'
  printf '\n' >> "$private/installed"
  IFS=' ' read -r old_sequence old_version old_digest < "$private/installed" || :
  case $old_sequence in
    '' | *[!0-9]*) return ;;
  esac
  check_downgrade 'is installed'
}

# Holds the bundle to old_sequence, old_version and old_digest of the one that was there before.
check_downgrade() {
  if [ "$old_sequence" -gt "$sequence" ]; then
    downgrade "the bundle is older than the one that $1, $old_version with sequence $old_sequence" \
      "$name $version, sequence $sequence" "a sequence of at least $old_sequence" \
      'get the newer bundle, or add --allow-downgrade'
  elif [ "$old_version" = "$version" ] && [ "$old_digest" != "$inventory_digest" ]; then
    downgrade "another bundle $1 as $name $version" "inventory $inventory_digest" "inventory $old_digest" \
      'give the new bundle a version of its own, or add --allow-downgrade'
  fi
}

# downgrade WHAT GIVEN EXPECTED NEXT
downgrade() {
  if [ "$allow_downgrade" = no ]; then fail 6 "$1" "$2" "$4" "$3"; fi
  override "$1"
}

record_bundle() {
  {
    printf 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: airgap-bundle\n  namespace: "%s"\n' "$namespace"
    printf 'data:\n  "%s": "%s %s %s"\n' "$name" "$sequence" "$version" "$inventory_digest"
  } > "$private/ConfigMap"
  kube_apply ConfigMap airgap-bundle "$namespace"
}

# --- keys ---------------------------------------------------------------------------------------------

# A copy, so that the key that is checked is the key that is used.
keep_key() {
  keys=$((keys + 1))
  tr -d '\r' 2> /dev/null < "$1" > "$private/key.$keys" ||
    fail 2 'the key cannot be read' "$1" 'give the path of the .pub file that keygen wrote'
  printf '%s\n' "$1" > "$private/key.$keys.name"
}

read_keys() {
  number=1
  while [ "$number" -le "$keys" ]; do
    read_key "$private/key.$number" "$(cat "$private/key.$number.name")"
    number=$((number + 1))
  done
}

# The key's bytes are looked at, not asked of openssl: an old one cannot name an Ed25519 key.
read_key() {
  sed -n '/^-----BEGIN PUBLIC KEY-----$/,/^-----END PUBLIC KEY-----$/p' "$1" > "$1.pem"
  grep -v '^-----' "$1.pem" > "$1.b64" ||
    fail 2 'a --key is no public key in PEM' "$2" 'give the .pub file that keygen wrote'
  tr -d '\n' < "$1.b64" > "$1.line"
  decode "$1.line" "$1.der" ||
    fail 2 'a --key is no public key in PEM' "$2" 'give the .pub file that keygen wrote'
  od -An -v -tx1 "$1.der" > "$1.hex"
  case $(tr -d ' \n' < "$1.hex") in
    302a300506032b6570032100????????????????????????????????????????????????????????????????)
      printf ed25519 > "$1.type"
      ;;
    3059301306072a8648ce3d020106082a8648ce3d03010703420004*) printf ecdsa-p256 > "$1.type" ;;
    *) fail 2 'a --key is not exactly one Ed25519 or ECDSA P-256 key' "$2" 'give each key by its own --key' ;;
  esac
}

# Sets up `revoked`, with an id a line. What names no key is refused: it would revoke nothing.
read_revoked() {
  : > "$private/revoked"
  if [ ! -e "$private/revoked.words" ]; then return; fi
  while IFS= read -r word <&3; do
    if is_key_id "$word"; then
      printf '%s\n' "${word#SHA256:}" >> "$private/revoked"
    else
      read_revoked_file "$word"
    fi
  done 3< "$private/revoked.words"
}

read_revoked_file() {
  tr -d '\r' 2> /dev/null < "$1" > "$private/revoked.file" ||
    fail 2 "--revoked $1 is neither a key id nor a file of them" '' 'give an id, a .pub file, or a file of ids'
  if grep -q '^-----BEGIN ' "$private/revoked.file"; then
    read_key "$private/revoked.file" "$1"
    sha256 "$private/revoked.file.der"
    printf '%s\n' "$sum" >> "$private/revoked"
    return
  fi
  # read skips a line without an end.
  printf '\n' >> "$private/revoked.file"
  sed -e 's/#.*//' -e "s/[ $tab]//g" -e '/^$/d' "$private/revoked.file" > "$private/revoked.ids"
  if [ ! -s "$private/revoked.ids" ]; then fail 2 "--revoked $1 names no key" '' 'put a key id into it, one a line'; fi
  while IFS= read -r word <&4; do
    is_key_id "$word" || fail 2 "--revoked $1 holds what is no key id" "$word" '' '64 lower-case hex digits'
    printf '%s\n' "${word#SHA256:}" >> "$private/revoked"
  done 4< "$private/revoked.ids"
}

is_key_id() {
  case ${1#SHA256:} in
    *[!0-9a-f]*) return 1 ;;
  esac
  id=${1#SHA256:}
  [ "${#id}" -eq 64 ]
}

# --- kubectl ------------------------------------------------------------------------------------------

# kube run|show …: kubectl with the cluster that was asked for.
kube() {
  how=$1
  shift
  if [ -n "$context" ]; then set -- --context "$context" "$@"; fi
  if [ -n "$kubeconfig" ]; then set -- --kubeconfig "$kubeconfig" "$@"; fi
  if [ "$how" = show ]; then show_command kubectl "$@"; else kubectl --request-timeout=60s "$@"; fi
}

# Server-side, because a client-side apply would copy the password into an annotation.
# kube_apply KIND NAME NAMESPACE
kube_apply() {
  kube "$mode" apply --server-side --field-manager=airgap-bundle --force-conflicts --filename - \
    < "$private/$1" > "$private/applied" ||
    fail 11 "kubectl could not apply the $1 $2 in $3" '' 'check that you may write it, and run again'
  cat "$private/applied"
  if [ "$dry_run" = yes ]; then say "    with the $1 $2 in $3"; fi
}

# --- load ---------------------------------------------------------------------------------------------

load_images() {
  say 'Loading the images'
  if has_node && [ -n "$(listed_sum bundle.js)" ]; then load_with_node; else load_with_oras; fi
}

has_node() {
  command -v node > /dev/null 2>&1 || return 1
  node -e 'const [a, b, c] = process.versions.node.split(".").map(Number);
    process.exit(a > 20 || (a === 20 && (b > 18 || (b === 18 && c > 0))) ? 0 : 1)' 2> /dev/null
}

load_with_node() {
  take bundle.js
  printf '{ "type": "commonjs" }\n' > "$private/package.json"
  set -- node "$private/bundle.js" load "$bundle"
  number=1
  while [ "$number" -le "$keys" ]; do
    set -- "$@" --key "$private/key.$number"
    number=$((number + 1))
  done
  while IFS= read -r word <&3; do set -- "$@" --revoked "$word"; done 3< "$private/revoked"
  if [ -n "$push_username" ]; then
    # One line break of a password file is not part of the password.
    printf '\n' >> "$private/push-password"
    set -- "$@" --push-username "$push_username" --push-password-file "$private/push-password"
  fi
  if [ "$allow_unsigned" = yes ]; then set -- "$@" --allow-unsigned; fi
  if [ "$allow_expired" = yes ]; then set -- "$@" --allow-expired; fi
  if [ "$allow_downgrade" = yes ]; then set -- "$@" --allow-downgrade; fi
  if [ "$allow_plain" = yes ]; then set -- "$@" --allow-plain-http-credentials; fi
  act "$@" || exit "$?"
}

# Without Node: the roots bring every blob into the bundle repository once, then each image is placed by mounts
# from there. Where the registry refuses that, image by image. oras checks each blob against its digest.
# Of a bundle in parts oras gets each blob by its standard input, and a layout with nothing but the manifests.
load_with_oras() {
  if [ "$(setting imagesEmbedded)" = true ]; then
    say '  without Node, blobs are checked by digest while they are pushed; those that need no push are not read.'
    say "  verify the whole file with node bundle.js verify or sha256sum -c ${bundle##*/}.sha256 first"
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

# --- look ---------------------------------------------------------------------------------------------

show_plan() {
  say "Bundle   $name $version, sequence $sequence, made $(setting createdAt)"
  say "         $inventory_digest"
  say "Registry $endpoint"
  if [ "$uninstall" = yes ] || uses_cluster; then show_cluster; fi
  if [ "$uninstall" = yes ]; then say 'Steps    uninstall'; else say "Steps    verify$steps"; fi
}

show_cluster() {
  at=$context
  if [ -z "$at" ]; then at=$(kube run config current-context 2> /dev/null) || at='(no current context)'; fi
  server=$(kube run config view --minify --output 'jsonpath={.clusters[0].cluster.server}' 2> /dev/null) || server=
  say "Cluster  $at $server"
}

confirm() {
  if [ "$yes" = yes ] || [ "$dry_run" = yes ] || [ ! -t 0 ]; then return; fi
  printf 'Go on? [y/N] '
  answer=
  read -r answer || :
  case $answer in
    y | Y | yes) ;;
    *)
      say 'Nothing was changed.'
      exit 130
      ;;
  esac
}

look_at_cluster() {
  if [ "$dry_run" = no ]; then
    need_namespace jet-system
    need_namespace "$namespace"
    check_installed
  fi
  if wanted secret || wanted chart; then choose_pull_credential; fi
}

need_namespace() {
  found=$(kube run get namespace "$1" --ignore-not-found --output name < /dev/null) ||
    fail 11 'the cluster does not answer' '' 'check --kubeconfig and --context, and that you may read namespaces'
  if [ -n "$found" ]; then return; fi
  if [ "$create_namespace" = no ]; then
    fail 11 "the namespace $1 does not exist" "$server" \
      'check that this is the right cluster, or add --create-namespace'
  fi
  kube run create namespace "$1" < /dev/null ||
    fail 11 "the namespace $1 cannot be created" '' 'have it created, and run again'
}

# --- members ------------------------------------------------------------------------------------------

# member_header NAME OFFSET MOST: whether a member of that name, of at most that size, starts there; sets `size`.
member_header() {
  if [ "$total" -lt $(($2 + 512)) ]; then return 1; fi
  stream "$2 512" > "$private/header"
  printf '%s\000' "$1" | od -An -v -tx1 > "$private/name.wanted"
  dd if="$private/header" bs=1 count=$((${#1} + 1)) 2> /dev/null | od -An -v -tx1 > "$private/name.found"
  cmp -s "$private/name.wanted" "$private/name.found" || return 1
  size=$(dd if="$private/header" bs=1 skip=124 count=11 2> /dev/null | tr -dc 0-7)
  case ${#size} in
    10 | 11) size=$((0$size)) ;;
    *) return 1 ;;
  esac
  [ "$size" -le "$3" ]
}

# The two members at the beginning: nothing is known of them yet, so their size is taken from their headers.
take_head() {
  : > "$private/bundle.sig"
  if ! member_header bundle.json 0 25165824; then
    fail 5 'not a bundle' "$bundle" 'give the NAME-VERSION.tar that create wrote, or copy it again' \
      'a tar that starts with bundle.json'
  fi
  next=$((512 + (size + 511) / 512 * 512))
  if [ "$next" -gt "$total" ]; then
    fail 5 'the bundle is truncated or damaged' "$bundle: $total bytes" 'copy the bundle again, all of its parts'
  fi
  stream "512 $size" > "$private/bundle.json"
  if member_header bundle.sig "$next" 4096; then
    stream "$((next + 512)) $size" > "$private/bundle.sig"
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

# member PATH: its bytes. A blob is named by its digest.
member() {
  range=$(awk -v path="$1" '$3 == path { print $1, $2; exit }' "$private/members")
  if [ -z "$range" ]; then return 1; fi
  stream "$range"
}

# --- oras ---------------------------------------------------------------------------------------------

# oras_at PREFIXES VERB …: oras, with the flags that reach the target registry.
oras_at() {
  prefixes=$1 verb=$2
  shift 2
  for prefix in $prefixes; do
    if [ "$prefix" = plain ]; then prefix=''; fi
    if [ "$plain_http" = true ]; then
      set -- "--${prefix}plain-http" "$@"
    else
      if [ "$insecure" = true ]; then set -- "--${prefix}insecure" "$@"; fi
      if [ -s "$private/ca.line" ]; then set -- "--${prefix}ca-file" "$private/ca.pem" "$@"; fi
    fi
    if [ -n "$registry_config" ]; then set -- "--${prefix}registry-config" "$registry_config" "$@"; fi
  done
  case $verb in
    'blob '*) act oras blob "${verb#blob }" "$@" ;;
    *) act oras "$verb" "$@" ;;
  esac
}

# try_oras read|push COMMAND…: again after a pause while the failure may pass. Sets `class` to its exit code,
# 0 for "not found" on a read.
try_oras() {
  access=$1
  shift
  for pause in 1 5 0; do
    if "$@" > "$private/oras.out" 2> "$private/oras.err"; then return 0; fi
    classify
    if [ "$class" -ne 9 ] || [ "$pause" -eq 0 ]; then return 1; fi
    sleep "$pause"
  done
}

# The first rule that fits decides. What is none of these, but a registry's own answer, is a refusal.
classify() {
  oras_words
  if [ "$access" = read ] && said ': not found$'; then
    class=0
  elif said 'x509: |tls: .*certificate|HTTP response to HTTPS client'; then
    class=2
  elif said 'no space left on device|read-only file system'; then
    class=10
  elif said 'does not look like a tar archive|archive/tar: |digest invalid|mismatched? digest|digest mismatch|does not match digest'; then
    class=5
  elif [ -n "$base" ] && said 'from source oci-layout.*: not found$'; then
    class=8
  elif said 'status code 401|credential not found|unauthorized: |authentication required'; then
    class=7
  elif said 'status code (408|425|429|500|502|503|504)|toomanyrequests: |: too many requests'; then
    class=9
  elif said 'connection (refused|reset)|broken pipe|no such host|server misbehaving|network is unreachable'; then
    class=9
  elif said 'no route to host|timeout|deadline exceeded|EOF|GOAWAY|stream error|closed network connection'; then
    class=9
  elif [ "$access" = read ] && said 'status code 403|denied: |forbidden'; then
    class=7
  elif said 'destination registry|response from registry|source registry'; then
    class=8
  else
    class=9
  fi
}

# Sets `words` to what oras said, in a line. The query of an upload's address is a secret.
oras_words() {
  words=$(sed -n -e '/^Error/!d' -e 's/\(:\/\/[^ "?]*\)?[^ "]*/\1?.../g' -e p -e q "$private/oras.err" | cut -c 1-1000)
}

said() {
  printf '%s\n' "$words" | grep -E -i -q -e "$1"
}

stop_for_oras() {
  next='run it again: what is in the registry already is not sent twice'
  case $class in
    5) blob_fault "$words" ;;
    2) next='give the bundle the right caCert or plainHttp: registries."HOST" in bundle.yaml' ;;
    8) next='let this user push there, or make the project or repository in the registry' ;;
    10) next='make room in TMPDIR' ;;
    7) next='log in with oras or docker, or give --push-username and --push-password-file' ;;
  esac
  fail "$class" "$1 cannot be reached or written" "$words" "$next"
}

# --- parts --------------------------------------------------------------------------------------------

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
  if [ -e "$file" ] || ! member "$digest" > "$private/manifest"; then return; fi
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

# --- placing ------------------------------------------------------------------------------------------

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

# --- processes ----------------------------------------------------------------------------------------

make_private_folder() {
  input=
  child=
  private=
  trap clean_up EXIT
  trap 'stop 129' HUP
  trap 'stop 130' INT
  trap 'stop 143' TERM
  private=$(mktemp -d "${TMPDIR:-/tmp}/airgap-install.XXXXXX") ||
    fail 10 'no temporary folder can be made' "${TMPDIR:-/tmp}" 'set TMPDIR to a folder that can be written'
  # helm splits --values and --set-file at these, and oras a layout's path at ':' and '@'.
  case $private in
    [!/]* | *[,\":@\\]*)
      fail 2 'TMPDIR must be an absolute path without any of , " : @ and backslash' "$private"
      ;;
  esac
}

clean_up() {
  if [ -n "$private" ]; then rm -rf -- "$private"; fi
}

stop() {
  if [ -n "$child" ]; then
    kill -TERM "$child" 2> /dev/null || :
    wait "$child" 2> /dev/null || :
  fi
  exit "$1"
}

# In the background and waited for, so that a signal stops the command at once and not after it. `input` may name
# a range of the bundle, for the command's standard input.
run() {
  if [ -n "$input" ]; then
    stream "$input" 2> /dev/null | "$@" &
  else
    "$@" < /dev/null &
  fi
  child=$!
  status=0
  wait "$child" || status=$?
  child=
  return "$status"
}

# Runs what changes something, or only prints it.
act() {
  if [ "$dry_run" = yes ]; then show_command "$@"; else run "$@"; fi
}

# Sets `sum` to the SHA-256 of a file, in hex.
sha256() {
  if command -v sha256sum > /dev/null 2>&1; then
    sum=$(sha256sum < "$1")
  elif command -v shasum > /dev/null 2>&1; then
    sum=$(shasum -a 256 < "$1")
  else
    sum=$(openssl dgst -sha256 -r < "$1")
  fi
  sum=${sum%% *}
}

# decode FROM TO. In lines, because `openssl base64 -A` fails on long ones.
decode() {
  fold -w 64 < "$1" > "$private/lines"
  printf '\n' >> "$private/lines"
  openssl base64 -d -in "$private/lines" -out "$2" 2> /dev/null || return 1
}

# encode FROM TO: one line without an end.
encode() {
  openssl base64 -in "$1" -out "$private/lines"
  tr -d '\n' < "$private/lines" > "$2"
}

require_tool() {
  for tool in "$@"; do
    if command -v "$tool" > /dev/null 2>&1; then continue; fi
    case $tool in
      oras) where='https://github.com/oras-project/oras/releases, 1.3.6 or newer' ;;
      helm) where='https://github.com/helm/helm/releases, version 3' ;;
      kubectl) where='https://kubernetes.io/docs/tasks/tools' ;;
      *) where='the packages of this host' ;;
    esac
    if [ "$dry_run" = yes ] && [ "$where" != 'the packages of this host' ]; then
      say "  missing here: $tool ($where)"
    else
      fail 3 "$tool is needed and not on PATH" '' "install it from $where"
    fi
  done
}

# --- pull-credential ----------------------------------------------------------------------------------

# Without --username nothing is taken away: what the cluster pulls with stays, in the Secret and in the values.
choose_pull_credential() {
  pull=no
  if [ -n "$username" ]; then
    pull=yes
  elif [ "$dry_run" = yes ]; then
    say '  no pull credential given: the one that the cluster has would be kept; without one, pods pull anonymously'
  else
    read_pull_credential
    if [ -s "$private/pull-username" ] || [ -s "$private/pull-password" ]; then
      pull=yes
      say '  keeping the pull credential that the cluster has'
    else
      say '  no pull credential given: pods will pull anonymously (give --username and --password-file)'
    fi
  fi
}

read_pull_credential() {
  kube run get secret registry-info --namespace jet-system --ignore-not-found \
    --output 'jsonpath={.data.USERNAME}{"\n"}{.data.PASSWORD}{"\n"}' < /dev/null > "$private/pull" ||
    fail 11 'the pull credential in the cluster cannot be read' 'Secret registry-info in jet-system' \
      'give --username and --password-file, or get the right to read it'
  sed -n 1p "$private/pull" > "$private/pull.1"
  sed -n 2p "$private/pull" > "$private/pull.2"
  if ! decode "$private/pull.1" "$private/pull-username" || ! decode "$private/pull.2" "$private/pull-password"; then
    fail 11 'the pull credential in the cluster is no base64' 'Secret registry-info in jet-system' \
      'give --username and --password-file'
  fi
}

# --- record -------------------------------------------------------------------------------------------

# The record that `load` of the program keeps too, so that each sees what the other has loaded.
check_loaded() {
  find_record
  if [ ! -e "$record" ]; then return; fi
  old_sequence=$(recorded sequence) old_version=$(recorded version) old_digest=$(recorded inventoryDigest)
  case $old_sequence in
    '' | *[!0-9]*)
      fail 10 'the record of what was loaded cannot be read' "$record" 'delete it if you know what is in the target'
      ;;
  esac
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

# --- secret -------------------------------------------------------------------------------------------

apply_secret() {
  say 'Applying the Secret registry-info'
  if [ "$pull" = yes ]; then
    encode "$private/pull-username" "$private/secret.USERNAME"
    encode "$private/pull-password" "$private/secret.PASSWORD"
  fi
  printf 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: registry-info\n  namespace: jet-system\n' \
    > "$private/Secret"
  printf 'type: Opaque\ndata:\n' >> "$private/Secret"
  for key in DOMAIN BASE_PATH USERNAME PASSWORD INSECURE CA_CERT MIRROR_REGISTRIES; do
    if [ ! -f "$private/secret.$key" ]; then setting "secret.$key" > "$private/secret.$key"; fi
    {
      printf '  %s: "' "$key"
      cat "$private/secret.$key"
      printf '"\n'
    } >> "$private/Secret"
  done
  kube_apply Secret registry-info jet-system
}

# --- settings -----------------------------------------------------------------------------------------

# setting KEY: its value without a line end; nothing when there is no such line.
setting() {
  awk -v key="$1$tab" -v ORS= 'index($0, key) == 1 { print substr($0, length(key) + 1); exit }' \
    "$private/settings.tsv"
}

read_settings() {
  take settings.tsv
  take images.tsv
  if [ "$(setting format)" != 1 ]; then
    fail 3 'this install.sh is too old for the bundle' "format $(setting format)" \
      'use the install.sh that came with the bundle' 'format 1'
  fi
  name=$(setting name) version=$(setting version) sequence=$(setting sequence)
  environment=$(setting environment) endpoint=$(setting endpoint) bundles=$(setting bundleRepository)
  plain_http=$(setting plainHttp) insecure=$(setting insecureSkipVerify)
  release=$(setting release) chart=$(setting chart) registry_key=$(setting registryKey)
  base=$(setting baseName)
  if [ -n "$base" ]; then
    take base.tsv
    base="$base $(setting baseVersion)"
  fi
  if [ -z "$namespace" ]; then namespace=$(setting namespace); fi
  namespace=${namespace:-default}
  case $endpoint$name$version in
    *[!]A-Za-z0-9.:_+[-]*) fail 5 'settings.tsv holds a name that no tool takes' "$endpoint $name $version" ;;
  esac
  # helm would take a name that begins with a hyphen for a flag.
  case $release,$namespace,$registry_key in
    -* | *,-* | *[!A-Za-z0-9.,-]*)
      fail 5 'settings.tsv holds a name that helm does not take' "$release $namespace $registry_key"
      ;;
  esac
  setting caCert > "$private/ca.line"
  if [ -s "$private/ca.line" ]; then decode "$private/ca.line" "$private/ca.pem" || fail 5 'caCert is no base64'; fi
  if [ "$environment" = airgap ]; then
    take "$chart"
    take values.yaml
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
  [ "$(printf '%s' "$1" | tr -dc 0-9)" -lt "$(printf '%s' "$2" | tr -dc 0-9)" ]
}

date_fault() {
  if [ "$allow_expired" = no ]; then fail 6 "$1" "$2" "$3, or add --allow-expired"; fi
  override "$1 ($2)"
}

# --- signature ----------------------------------------------------------------------------------------

# The signature must be the one base64 spelling of its bytes, on one line: lenient decoders accept others.
check_signature() {
  if [ "$keys" -eq 0 ]; then
    override 'the signature was not checked: no key was given'
    return
  fi
  tr -d '\n' < "$private/bundle.sig" > "$private/sig.line"
  decode "$private/sig.line" "$private/sig.bin" ||
    fail 4 'the signature is malformed' 'no base64' 'copy the bundle again'
  encode "$private/sig.bin" "$private/sig.again"
  printf '\n' >> "$private/sig.again"
  cmp -s "$private/bundle.sig" "$private/sig.again" ||
    fail 4 'the signature is malformed' 'base64 of another spelling' 'copy the bundle again' 'one canonical line'
  untested=
  number=1
  while [ "$number" -le "$keys" ]; do
    try_key "$private/key.$number" && return
    number=$((number + 1))
  done
  if [ -n "$untested" ]; then
    fail 3 "the openssl of this host cannot check $untested signatures" "$(openssl version)" \
      'use OpenSSL 3, or sign with keygen --type ecdsa-p256 (OpenSSL 1.1, LibreSSL and FIPS hosts)'
  fi
  fail 4 'no key that was given made this signature' "$keys key(s) tried" \
    'check that bundle and key belong together, and copy the bundle again' 'a signature by one of the given keys'
}

try_key() {
  type=$(cat "$1.type")
  can_check "$type" || {
    untested=$type
    return 1
  }
  openssl_verify "$type" "$1.pem" "$private/sig.bin" "$private/bundle.json" || return 1
  sha256 "$1.der"
  if grep -q -x -F -e "$sum" "$private/revoked"; then
    fail 4 'the bundle is signed with a revoked key' "SHA256:$sum" 'get a bundle that is signed with the current key'
  fi
  say "  signed by the $type key SHA256:$sum"
}

# The algorithm follows from the key, never from the bundle.
openssl_verify() {
  case $1 in
    ed25519) openssl pkeyutl -verify -rawin -pubin -inkey "$2" -sigfile "$3" -in "$4" > /dev/null 2>&1 ;;
    *) openssl dgst -sha256 -verify "$2" -signature "$3" "$4" > /dev/null 2>&1 ;;
  esac
}

# Whether this openssl accepts a signature that is known to be good.
can_check() {
  case $1 in
    ed25519)
      public='MCowBQYDK2VwAyEA2vfEzKogN2i13/tBd/PGCWZ2177TS/nfDXnymtvgqZQ='
      known='nkDfxeBb2UDQckEBvaKGiesbh5RqDOwh0utZlsfxtWZU4DnzKys7nIMwEqnv1qCrOx1rVDaeM1NJrV7GHoYyAg=='
      ;;
    *)
      public='MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAESkyO56cFxCfkAFlC8xTU8MkbzPFS
/i+WmkohNkxb3GMM2331gZ/57C/RslPtKWn5augfzhR8y9VJcB2xjMmcQw=='
      known='MEQCIHGWS/6vU1q4fzLKWM9BwrSocVJTgFw7omNEie85uB1GAiAIfEXlv0txUp3gaKtWZPtplUaVZR8bBsbIscujEVesEQ=='
      ;;
  esac
  printf -- '-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n' "$public" > "$private/known.pem"
  printf '%s' "$known" > "$private/known.line"
  decode "$private/known.line" "$private/known.sig" || return 1
  printf 'airgap-bundle\n' > "$private/known.txt"
  openssl_verify "$1" "$private/known.pem" "$private/known.sig" "$private/known.txt"
}

# --- steps --------------------------------------------------------------------------------------------

choose_steps() {
  steps=' load secret chart check '
  if [ "$environment" != airgap ]; then steps=' load secret check '; fi
  if [ -n "$only" ]; then keep_steps "$only"; fi
  case $environment,$only, in
    airgap,*) ;;
    *,chart,*) say '  the bundle is non-airgap: it has no chart' ;;
  esac
  if [ -n "$skip" ]; then drop_steps "$skip"; fi
}

check_step_names() {
  for step in $(printf '%s' "$2" | tr ',' ' '); do
    case $step in
      load | secret | chart | check) ;;
      *)
        fail 2 'there is no such step' "$1 $step" 'name one of these; verifying is always done' \
          'load, secret, chart or check'
        ;;
    esac
  done
}

keep_steps() {
  kept=' '
  for step in $steps; do
    case ,$1, in
      *,"$step",*) kept="$kept$step " ;;
    esac
  done
  steps=$kept
}

drop_steps() {
  kept=' '
  for step in $steps; do
    case ,$1, in
      *,"$step",*) ;;
      *) kept="$kept$step " ;;
    esac
  done
  steps=$kept
}

wanted() {
  case $steps in
    *" $1 "*) return 0 ;;
  esac
  return 1
}

uses_cluster() {
  wanted secret || wanted chart || wanted check
}

check_tools() {
  if [ "$uninstall" = yes ]; then
    require_tool kubectl
    if [ "$environment" = airgap ]; then require_tool helm; fi
    return
  fi
  if wanted load; then
    require_tool oras
    check_oras
  fi
  if uses_cluster; then require_tool kubectl; fi
  if wanted chart; then require_tool helm; fi
}

check_oras() {
  if ! command -v oras > /dev/null 2>&1; then return; fi
  found=$(oras version 2> /dev/null | sed -n 's/^Version:[[:space:]]*v\{0,1\}\([0-9.]*\).*/\1/p')
  if ! awk -v have="$found" 'BEGIN {
    split(have, part, ".")
    exit !(part[1] * 1000000 + part[2] * 1000 + part[3] >= 1003006)
  }'; then
    fail 3 'oras is too old' "oras ${found:-of an unknown version}" \
      'install it from https://github.com/oras-project/oras/releases' '1.3.6 or newer'
  fi
}

# --- trust --------------------------------------------------------------------------------------------

verify_bundle() {
  say "Verifying $bundle"
  take_head
  if [ -s "$private/bundle.sig" ]; then
    check_signature
  elif [ "$allow_unsigned" = no ]; then
    fail 4 'the bundle is not signed' 'no bundle.sig' \
      'get a signed one, or add --allow-unsigned and trust its carrier' 'a signature by one of the given keys'
  else
    override 'the bundle is unsigned'
  fi
  sha256 "$private/bundle.json"
  inventory_digest=sha256:$sum
  list_members
  check_total
  take_sums
}

# bundle.json has one element of `files` a line, so that the hash of SHA256SUMS can be lifted here.
take_sums() {
  listed=$(sed -n \
    's/^{"path":"SHA256SUMS","size":[0-9]*,"sha256":"\([0-9a-f]\{64\}\)","mode":[0-9]*},\{0,1\}$/\1/p' \
    "$private/bundle.json")
  if [ "${#listed}" -ne 64 ]; then fail 5 'bundle.json does not name SHA256SUMS once' '' 'copy the bundle again'; fi
  take SHA256SUMS "$listed"
}

# take PATH [HASH]: copies one file of the bundle into the private folder, and goes on only if its hash is right.
take() {
  case /$1/ in
    *//* | */./* | */../*) fail 5 'a file of the bundle would leave its folder' "$1" ;;
  esac
  case $1 in
    */*) mkdir -p -- "$private/${1%/*}" ;;
  esac
  wanted_sum=${2:-$(listed_sum "$1")}
  if [ -z "$wanted_sum" ]; then fail 5 "SHA256SUMS does not name $1" '' 'copy the bundle again'; fi
  member "$1" > "$private/$1" || fail 5 "$1 is not in the bundle" '' 'copy the bundle again'
  sha256 "$private/$1"
  if [ "$sum" != "$wanted_sum" ]; then
    fail 5 "$1 was changed after signing" "SHA-256 $sum" 'copy the bundle again' "SHA-256 $wanted_sum"
  fi
}

listed_sum() {
  awk -v path="$1" 'substr($0, 67) == path { print substr($0, 1, 64) }' "$private/SHA256SUMS"
}

# --- uninstall ----------------------------------------------------------------------------------------

uninstall() {
  if [ "$environment" = airgap ]; then uninstall_chart; fi
  delete_secret
  kube "$mode" delete configmap airgap-bundle --namespace "$namespace" --ignore-not-found < /dev/null ||
    fail 11 'the note of this install cannot be deleted' "ConfigMap airgap-bundle in $namespace" 'run it again'
  if [ "$dry_run" = yes ]; then
    say 'Nothing was changed (--dry-run).'
  else
    say "Done. The images stay in $endpoint."
  fi
}

uninstall_chart() {
  if [ "$dry_run" = no ]; then
    helm_at list --short --filter "^$release\$" --namespace "$namespace" > "$private/releases" ||
      fail 11 'helm cannot list the releases' '' 'check that you may read the Secrets in the namespace'
    if [ ! -s "$private/releases" ]; then
      say "There is no release $release in $namespace."
      return
    fi
  fi
  helm_at uninstall "$release" --namespace "$namespace" ||
    fail 11 'helm could not uninstall the chart' '' "helm status $release --namespace $namespace shows its state"
}

# Only a Secret that this script wrote last goes; one that the page's `kubectl create` made is not ours.
delete_secret() {
  writers=' airgap-bundle '
  if [ "$dry_run" = no ]; then
    writers=$(kube run get secret registry-info --namespace jet-system --ignore-not-found --show-managed-fields \
      --output 'jsonpath={.metadata.managedFields[*].manager}' < /dev/null) ||
      fail 11 'the Secret registry-info cannot be read' '' 'check that you may read it in jet-system'
  fi
  case " $writers " in
    *' airgap-bundle '*)
      kube "$mode" delete secret registry-info --namespace jet-system < /dev/null ||
        fail 11 'the Secret registry-info cannot be deleted' '' 'check that you may delete it in jet-system'
      ;;
    '  ') say 'There is no Secret registry-info.' ;;
    *) say "The Secret registry-info was not written by this script ($writers): it stays." ;;
  esac
}

# --- words --------------------------------------------------------------------------------------------

say() {
  harmless "$*"
}

# Prints text without what a terminal would obey: names and error texts come from registries and bundles. In UTF-8
# the second half of the control characters is a C2 and another byte.
harmless() {
  case $1 in
    *[!\ -~]*) printf '%s\n' "$1" | tr -d '\000-\010\013-\037\177' | sed "s/$(printf '\302[\200-\237]')//g" ;;
    *) printf '%s\n' "$1" ;;
  esac
}

# fail CODE WHAT [GIVEN [NEXT [EXPECTED]]]
fail() {
  harmless "error: $2" >&2
  detail given: "${3-}"
  detail expected: "${5-}"
  detail next: "${4-}"
  exit "$1"
}

# Further lines of a value stand below its first: none can pass for a line of ours.
detail() {
  case $2 in
    '') return ;;
    *"$newline"*) text=$(printf '%s\n' "$2" | sed '2,$s/^/             /') ;;
    *) text=$2 ;;
  esac
  harmless "$(printf '  %-10s %s' "$1" "$text")" >&2
}

# What let the bundle pass though it should not; kept for the record of what was loaded.
override() {
  say "  warning: $1; allowed by an explicit override"
  printf '%s; allowed by an explicit override\n' "$1" >> "$private/overrides"
}

# Prints a command with the names that its files have outside the private folder.
show_command() {
  printf '  would run:'
  for word in "$@"; do
    public_name
    case $word in
      '' | *[!A-Za-z0-9_./:=@,+-]*)
        printf " '%s'" "$(harmless "$word" | sed "s/'/'\\\\''/g")"
        ;;
      *) printf ' %s' "$word" ;;
    esac
  done
  printf '\n'
}

public_name() {
  case $word in
    "$private/bundle.tar"*) word=$bundle${word#"$private/bundle.tar"} ;;
    "$private/key."*) word=$(cat "$word.name") ;;
    "$private/push-password") word=${push_password_file:-PUSH-PASSWORD} ;;
    *"$private/pull-username") word=${word%"$private"/*}USERNAME ;;
    *"$private/pull-password") word=${word%"$private"/*}${password_file:-PASSWORD} ;;
    *"$private"/*) word=${word%"$private"/*}${word##*"$private"/} ;;
  esac
}

main "$@"
