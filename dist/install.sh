#!/bin/sh
# Installs a bundle made by airgap-bundle on a host behind the air gap. Needs no Node: POSIX sh, openssl,
# and of oras, kubectl and helm those that the steps use; oras may come in the bundle.
#
# Nothing of a bundle is written into this text. What the script knows of one it reads from the bundle's own
# flat tables, after openssl has accepted the signature over bundle.json and the table's hash hangs on that.
# Credentials go through files that only this user can read; never through arguments, never through eval.
set -euf
umask 077
LC_ALL=C
export LC_ALL
unset CDPATH TAR_OPTIONS IFS
# helm must not speak to another cluster than kubectl.
unset HELM_KUBECONTEXT HELM_KUBEAPISERVER HELM_KUBETOKEN HELM_KUBEASUSER HELM_KUBEASGROUPS HELM_KUBECAFILE
unset HELM_KUBETLS_SERVER_NAME HELM_KUBEINSECURE_SKIP_TLS_VERIFY HELM_NAMESPACE
newline='
'

usage() {
  cat <<'END'
Usage: sh install.sh BUNDLE --key PUB [options]

BUNDLE is NAME-VERSION.tar, also when that lies in parts (NAME-VERSION.tar.001 and on): they are read in place.

Checks the bundle's signature, puts its images into the target registry, applies the Secret registry-info in
jet-system, installs the image-swap chart and reads MIRROR_REGISTRIES back. Tools, login, permissions, namespaces, what
is there already and whether the chart takes its values are looked at before anything is changed. It may be run again
at any time: what is as it should be is not written, what was begun is finished.

  --key PUB                  public key in PEM that may have signed the bundle; may be given more than once
  --revoked ID|FILE          key whose signatures are refused: its id, its .pub, or a file with an id a line; may
                             be given more than once
  --username U               what the cluster pulls with, into the Secret registry-info, the pull Secret of our own
                             chart, the values of others; without it the bundle's is taken, if it carries one, else
                             that of the cluster's Secret is kept
  --password-file FILE         its password (or AIRGAP_BUNDLE_PASSWORD)
  --identity FILE            key of age that opens the pull credential of a bundle that carries it encrypted
  --push-username U          who pushes the images; default: the login of docker or oras on this host
  --push-password-file FILE    its password (or AIRGAP_BUNDLE_PUSH_PASSWORD)
  --site FILE                YAML that names the target as it is called at this site (ociImageRegistry: ...), where
                             that is not as the bundle says; needs Node, and is not signed
  --only STEP[,STEP]         only these of verify, load, secret, chart, check; verifying is always done. A check that
                             is named here also looks for every image in the registry, which needs oras
  --skip STEP[,STEP]         all of load, secret, chart, check but these (not together with --only)
  --write-nodes DIR          instead of all steps: write the containerd configuration for nodes (nodes/ of the bundle)
                             into the new folder DIR, with what --username and --password-file say, for this user alone
  --dry-run                  verify, then print what would be run; contacts nothing
  --yes                      do not ask: write over a Secret that has further keys, take over a helm release that
                             is pending. Without it, it asks on a terminal, and elsewhere leaves those two alone
  --wait                     wait until the chart's workloads are ready, 5 minutes at most
  --create-namespace         create the namespaces that are missing
  --namespace NS             of the chart's release, and of the note of what is installed; default: default
  --kubeconfig FILE          for kubectl and helm
  --context NAME             for kubectl and helm
  --uninstall                take away what this script put into the cluster: the webhook first, the release, the
                             Secret, the note. Namespaces and images stay, and a Secret that it never wrote
  --allow-unsigned           take a bundle without a signature
  --allow-expired            take a bundle whose dates do not fit the clock
  --allow-downgrade          replace a newer bundle, or another one of the same version
  --allow-plain-http-credentials
                             send the push password over plain HTTP to a host that is not this one

With Node 20.18.1 or newer every byte of the bundle is verified before anything is pushed. Without it, the
inventory and the files are verified and blobs are checked by digest while they are pushed.

Exit codes: 0 done, 2 usage, 3 tool missing or too old, 4 signature, 5 integrity, 6 expired or older than the
installed bundle, 7 login refused, 8 refused by the registry, 9 run again to resume, 10 local file, 11 cluster (not there, not
allowed, a namespace that is missing, a Secret of somebody else, a chart that helm cannot install),
130 stopped, or not confirmed.
END
}

main() {
  take_variables
  # No program may run before that, and some shells have no printf of their own.
  tab=$(printf '\t')
  make_private_folder
  read_arguments "$@"
  require_tool openssl awk sed tr fold cmp od date dd
  remove_left_over
  keep_logins
  read_keys
  read_revoked
  verify_bundle
  read_settings
  read_pull_secret_settings
  check_dates
  choose_steps
  check_tools
  take_carried_credential
  if asks_registry; then write_registry_config; fi
  show_plan
  if [ "$uninstall" = yes ]; then
    uninstall
    return
  fi
  if [ -n "$nodes" ]; then
    write_nodes
    return
  fi
  if [ "$dry_run" = yes ] || [ "$steps" = ' ' ]; then verify_whole; fi
  if uses_cluster; then look_at_cluster; fi
  confirm
  if wanted load; then load_images; elif asks_registry; then check_placements; fi
  change_cluster
  if wanted check; then
    check_secret
    check_webhook
    tell_unasked
  fi
  if [ "$dry_run" = yes ]; then say 'Nothing was changed (--dry-run).'; else say 'Done.'; fi
}

# The note comes last: what is not done is not written down.
change_cluster() {
  if ! writes_cluster; then return; fi
  create_namespaces
  if wanted secret; then apply_secret; fi
  if wanted chart; then
    apply_pull_secret
    install_chart
  fi
  record_bundle
}

# --- arguments ----------------------------------------------------------------------------------------

read_arguments() {
  bundle='' keys=0 username='' password_file='' identity='' push_username='' push_password_file=''
  only='' skip='' namespace='' kubeconfig='' context='' site='' nodes=''
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
        --namespace | --kubeconfig | --context | --revoked | --site | --identity | --write-nodes)
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
    --identity) identity=$2 ;;
    --push-username) push_username=$2 ;;
    --push-password-file) push_password_file=$2 ;;
    --only) only=$2 ;;
    --skip) skip=$2 ;;
    --namespace) namespace=$2 ;;
    --kubeconfig) kubeconfig=$2 ;;
    --context) context=$2 ;;
    --site) site=$2 ;;
    --write-nodes) nodes=$2 ;;
  esac
}

check_arguments() {
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
  if [ -n "$kubeconfig" ] && { [ -d "$kubeconfig" ] || [ ! -r "$kubeconfig" ]; }; then
    fail 2 'the kubeconfig cannot be read' "--kubeconfig $kubeconfig" 'give the path of a file that this user may read'
  fi
  check_step_names --only "$only"
  check_step_names --skip "$skip"
  if [ -n "$only" ] && [ -n "$skip" ]; then
    fail 2 '--only and --skip are both given' "--only $only --skip $skip" 'name the steps by one of them'
  fi
  case $bundle in
    /*) ;;
    *) bundle=$PWD/$bundle ;;
  esac
  case $site in
    '' | /*) ;;
    *) site=$PWD/$site ;;
  esac
  if [ "$uninstall" = no ] && [ -n "$site" ] && { [ -d "$site" ] || [ ! -r "$site" ]; }; then
    fail 2 'the site file cannot be read' "$site" 'give the path of a YAML file to --site'
  fi
  if [ -n "$nodes" ]; then check_nodes_folder; fi
  find_bundle
}

check_nodes_folder() {
  if [ -n "$only$skip" ] || [ "$uninstall" = yes ]; then
    fail 2 '--write-nodes takes no other steps' "$nodes" \
      'leave --only, --skip and --uninstall out'
  fi
  case $nodes in
    /*) ;;
    *) nodes=$PWD/$nodes ;;
  esac
  if [ -e "$nodes" ]; then
    fail 2 'the folder for the nodes is there already' "$nodes" 'give --write-nodes a new one, or remove that'
  fi
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

# --- carried ------------------------------------------------------------------------------------------

# The pull credential, where the bundle carries it and nobody gave another one by --username.
take_carried_credential() {
  if [ "$uninstall" = yes ] || [ -n "$username" ]; then return; fi
  [ -n "$nodes" ] || wanted secret || wanted chart || return 0
  if is_at_other_registry && [ -n "$(listed_sum credentials.tsv)$(listed_sum credentials.tsv.age)" ]; then
    say "  the pull credential in the bundle is for ${signed_target%%/*}, and is not used for $endpoint:"
    say '  give --username and --password-file'
  elif [ -n "$(listed_sum credentials.tsv)" ]; then
    take credentials.tsv
    use_carried_credential 'IN CLEAR TEXT'
  elif [ -n "$(listed_sum credentials.tsv.age)" ]; then
    if [ -z "$identity" ] && [ "$dry_run" = yes ]; then
      say '  the bundle carries the pull credential, encrypted by age: --identity FILE would open it'
      username=USERNAME
      printf USERNAME > "$private/pull-username"
      printf PASSWORD > "$private/pull-password"
      return
    fi
    open_credential
    use_carried_credential 'encrypted by age'
  fi
}

# age asks for the passphrase of an identity on the terminal, so it is not run in the background.
open_credential() {
  if [ -z "$identity" ]; then
    fail 2 'the bundle carries the pull credential, encrypted, and no key is given that opens it' '' \
      'add --identity FILE, the key of one of its recipients; or give --username and --password-file'
  fi
  if [ -d "$identity" ] || [ ! -r "$identity" ]; then
    fail 2 'the identity file cannot be read' "$identity" 'give the path of a key file of age to --identity'
  fi
  require_age
  take credentials.tsv.age
  age --decrypt --identity "$identity" "$private/credentials.tsv.age" > "$private/credentials.tsv" 2> "$private/age.err" ||
    fail 2 'the pull credential in the bundle cannot be opened' "$(head -n 3 "$private/age.err" | cut -c 1-300)" \
      'give the --identity of one of its recipients; or give --username and --password-file'
}

require_age() {
  if command -v age > /dev/null 2>&1; then return; fi
  fail 3 'age is needed to open the pull credential, and not on PATH' '' \
    'install it from https://github.com/FiloSottile/age; or give --username and --password-file'
}

use_carried_credential() {
  take_part username
  take_part password
  username=$(cat "$private/pull-username")
  if [ -z "$username" ] || [ ! -s "$private/pull-password" ]; then
    fail 5 'the pull credential in the bundle is not whole' '' 'have the bundle made again'
  fi
  say "  using the pull credential that the bundle carries $1, of $username"
}

take_part() {
  awk -v key="$1$tab" 'index($0, key) == 1 { print substr($0, length(key) + 1); exit }' \
    "$private/credentials.tsv" > "$private/part.line"
  decode "$private/part.line" "$private/pull-$1" ||
    fail 5 'the pull credential in the bundle is no base64' '' 'have the bundle made again'
}

# --- chart --------------------------------------------------------------------------------------------

# with_chart COMMAND…: with the release, the chart and its values behind it. The credential comes to helm by files.
with_chart() {
  set -- "$@" "$release" "$private/$chart" --namespace "$namespace" --values "$private/values.yaml"
  if [ "$pull" = yes ] && [ -n "$registry_key" ]; then
    set -- "$@" --set-file "$registry_key.username=$private/pull-username"
    set -- "$@" --set-file "$registry_key.password=$private/pull-password"
  fi
  if [ "$pull" = yes ] && [ -n "$pull_secret_key" ]; then
    set -- "$@" --set "$pull_secret_key.create=true"
    set -- "$@" --set-file "$pull_secret_key.dockerConfigJson=$private/docker-config"
  fi
  "$@"
}

# Sets `chart_equal`; a chart that helm would not install ends the run here, before anything is changed.
look_at_chart() {
  chart_digest=sha256:$(listed_sum "$chart")
  look_at_pending
  make_docker_config
  try_chart
  look_at_pull_secret
  trial_manifest > "$private/rendered"
  chart_equal=no
  if [ "$release_status" = deployed ] && [ "$installed_chart" = "$chart_digest" ] && has_equal_values && is_whole; then
    chart_equal=yes
    need_to_wait
    return
  fi
  need_for_helm
  need_for_chart
  need_to_wait
}

# Of a pending release helm would try no upgrade. On the server, for charts that look what is there; nothing is sent.
try_chart() {
  set -- upgrade --install
  if [ "$pending" = yes ]; then set -- install; fi
  with_chart ask_helm trial "$@" --dry-run=server --output json || refuse_chart
}

refuse_chart() {
  case $words in
    *' is forbidden: '*)
      fail 11 'the cluster does not allow what the chart needs' "$words" 'get a role with these verbs'
      ;;
    *'execution error at '* | *"values don't meet "* | *'error calling '*)
      fail 11 'the chart refuses its values' "$words" 'mend imageSwap in bundle.yaml, and make the bundle again'
      ;;
  esac
  fail 11 'the chart cannot be installed into this cluster' "$words" 'see above; then run it again'
}

# helm prints both with the same encoder: equal values are equal text, and no text within a string has bare quotes.
has_equal_values() {
  ask_helm values get values "$release" --namespace "$namespace" --output json || return 1
  {
    printf '"config":'
    tr -d '\n' < "$private/values"
    printf ',"manifest":'
  } > "$private/values.wanted"
  grep -q -F -f "$private/values.wanted" "$private/trial"
}

# What the server's dry run would apply, hooks included: a string for each `manifest` of the release and of its hooks.
# As records between quotes; one that ends within a string, at an escaped quote, goes on in the next.
trial_manifest() {
  awk -v RS='"' '
    function unescape(text) {
      gsub(/\\\\/, "\001", text); gsub(/\\n/, "\n", text); gsub(/\\t/, "\t", text); gsub(/\001/, "\\\\", text)
      return text
    }
    function finish_string() {
      if (depth == 1) top = text
      if (key == "manifest" && wanted) printf "---\n%s\n", unescape(text)
      key = text; wanted = 0
    }
    inside {
      text = text $0
      if (match($0, /\\+$/) && RLENGTH % 2) { text = substr(text, 1, length(text) - 1) "\""; next }
      finish_string(); inside = 0
      next
    }
    {
      depth += gsub(/[{[]/, "&") - gsub(/[]}]/, "&")
      if (/:/) wanted = depth == 1 || (depth == 3 && top == "hooks")
      inside = 1; text = ""
    }
  ' "$private/trial"
}

# Whether everything that the release made is still there: equal values say nothing of it.
is_whole() {
  read_manifest manifest
  need_for_objects "$private/manifest" get
  require_permissions
  find_lacking
  if [ ! -s "$private/lacking" ]; then return; fi
  say "  the release $release has this chart and these values, but the cluster lacks some of it:"
  say "$(sed -e 's/^/    /' -e 11q "$private/lacking")"
  return 1
}

# read_manifest FILE [REVISION]
read_manifest() {
  ask_helm "$1" get manifest "$release" --namespace "$namespace" ${2:+--revision "$2"} ||
    fail 11 'helm cannot show the release' "$words" 'see above; then run it again'
}

# Of the objects of `manifest`, a line in `lacking` for each that is not there: one kubectl a namespace.
find_lacking() {
  : > "$private/lacking"
  objects "$private/manifest" > "$private/objects"
  awk '!seen[$3]++ { print $3 }' "$private/objects" > "$private/homes"
  while read -r space <&3; do
    : > "$private/expected"
    set -- get
    while read -r api kind home object _ <&4; do
      if [ "$home" != "$space" ]; then continue; fi
      set_resource "$api" "$kind"
      if [ -z "$resource" ]; then continue; fi
      set -- "$@" "$resource${group:+.$group}/$object"
      printf '%s%s/%s\n' "$kind" "${group:+.$group}" "$object" >> "$private/expected"
    done 4< "$private/objects"
    if [ $# -eq 1 ]; then continue; fi
    ask_kube present "$@" --namespace "$space" --ignore-not-found --output name ||
      fail 11 'the objects of the release cannot be read' "$words" 'see above; then run it again'
    awk -v space="$space" '
      FILENAME == ARGV[1] { present[$0]; next }
      { name = $0; sub(/\/.*/, "", name); if (!(tolower(name) substr($0, length(name) + 1) in present)) print $0 " in " space }
    ' "$private/present" "$private/expected" >> "$private/lacking"
  done 3< "$private/homes"
}

# Objects that were there and are not any more are deleted by helm; CustomResourceDefinitions of a chart are made once.
need_for_chart() {
  if [ "$pending" = yes ]; then need_to_recover; fi
  if [ "$release_status" = none ]; then
    ask_helm crds show crds "$private/$chart" && need_for_objects "$private/crds" get create
    # helm 4 creates by server-side apply.
    if is_less "$helm_version" 4; then
      need_for_objects "$private/rendered" get create
    else
      need_for_objects "$private/rendered" get create patch
    fi
    return
  fi
  need_for_objects "$private/rendered" get create patch
  if [ "$pending" = yes ]; then return; fi
  read_manifest before ${good:+"$good"}
  need_to_drop "$private/before" "$private/rendered"
}

# By `recover_release`, and what the upgrade after it drops.
need_to_recover() {
  read_manifest manifest
  if ! rolls_back; then
    need_for_objects "$private/manifest" get delete
    return
  fi
  read_manifest before "$good"
  need_for_objects "$private/before" get create patch
  need_to_drop "$private/manifest" "$private/before"
  need_to_drop "$private/before" "$private/rendered"
}

# need_for_storage VERB…: on what helm keeps its releases in.
need_for_storage() {
  case ${HELM_DRIVER:-secret} in
    secret | secrets) for verb in "$@"; do need "$verb" secrets '' "$namespace" ''; done ;;
    configmap | configmaps) for verb in "$@"; do need "$verb" configmaps '' "$namespace" ''; done ;;
    *) ;;
  esac
}

# It keeps ten revisions.
need_for_helm() {
  need_for_storage create update
  if [ "$(awk 'END { print NR }' "$private/revisions")" -ge 10 ] || [ "$pending" = yes ]; then
    need_for_storage delete
  fi
}

install_chart() {
  if [ "$dry_run" = no ] && [ "$chart_equal" = yes ]; then
    say "The release $release has this chart and these values, in revision $revision"
    if [ "$wait" = yes ]; then wait_for_workloads; fi
    return
  fi
  if [ "$dry_run" = no ]; then recover_release; fi
  say "Installing the chart as $release in $namespace"
  set -- upgrade --install --description "$name $version chart sha256:$(listed_sum "$chart")"
  if [ "$wait" = yes ]; then set -- "$@" --wait; fi
  if [ "$dry_run" = yes ]; then
    with_chart helm_at "$@"
  elif with_chart ask_helm installed "$@"; then
    say "$(sed -n -e 's/^STATUS: /  /p' -e 's/^REVISION: /  revision /p' "$private/installed")"
  else
    chart_failed
  fi
}

chart_failed() {
  helm_said=$words
  find_webhooks "$private/rendered" && warn_of_webhooks
  fail 11 'helm could not install the chart' "$helm_said" \
    'kubectl get pods --all-namespaces shows pods that do not start; then run it again'
}

# Where nothing was installed, helm had nothing to wait for.
wait_for_workloads() {
  objects "$private/manifest" > "$private/workloads"
  while read -r _ kind home object _ <&3; do
    case $kind in
      Deployment | DaemonSet | StatefulSet) wait_for_workload ;;
      *) ;;
    esac
  done 3< "$private/workloads"
}

wait_for_workload() {
  patience=0
  ask_kube rollout rollout status "$kind/$object" --namespace "$home" --timeout=5m && patience='' && return
  patience='' kube_said=$words
  find_webhooks "$private/manifest" && warn_of_webhooks
  fail 11 "the $kind $object in $home is not ready" "$kube_said" \
    "kubectl get pods --namespace $home shows its pods; then run it again"
}

# --- check --------------------------------------------------------------------------------------------

# The base64 of the cluster and ours are both canonical, so equal text is equal bytes.
check_secret() {
  say 'Reading MIRROR_REGISTRIES back'
  if [ "$dry_run" = yes ]; then
    kube show get secret registry-info --namespace jet-system --output 'jsonpath={.data.MIRROR_REGISTRIES}'
    return
  fi
  ask_kube map.line get secret registry-info --namespace jet-system --ignore-not-found \
    --output 'jsonpath={.data.MIRROR_REGISTRIES}' ||
    fail 11 'the Secret registry-info cannot be read back' "$words" 'see above; then run it again'
  setting secret.MIRROR_REGISTRIES > "$private/map.signed"
  decode "$private/map.line" "$private/map" || :
  cmp -s "$private/map.line" "$private/map.signed" ||
    fail 11 'MIRROR_REGISTRIES in the cluster is not the map of this bundle' \
      "$(head -n 3 "$private/map" | cut -c 1-300)" \
      'run it with --only secret, then with --skip load; then look who else writes the Secret'
  say "$(sed 's/^/  /' "$private/map")"
}

# Loading asks for each placement by itself.
check_placements() {
  say 'Looking for every image in the registry'
  failed=0
  while IFS=$tab read -r digest _ repository tag _ <&3; do
    reference=$endpoint/$repository:$tag
    if [ "$dry_run" = yes ]; then
      oras_at plain resolve -- "$reference"
      continue
    fi
    resolve "$reference"
    if [ "$found" != "$digest" ]; then note_failure 11 "$reference" "resolves to ${found:-nothing}, not $digest"; fi
  done 3< "$private/images.tsv"
  if [ "$failed" -ne 0 ]; then
    fail 11 'the registry does not have every image as it was signed' 'see above' 'run it with --only load'
  fi
}

tell_unasked() {
  if asks_registry || [ "$dry_run" = yes ]; then return; fi
  say "  warning: nobody has looked whether the images are in $endpoint (--skip load): --only check does"
}

# Whether the webhook that the release brought has anybody behind it. Who may not read that learns nothing.
check_webhook() {
  if [ "$dry_run" = yes ] || [ "$environment" != airgap ] || ! command -v helm > /dev/null 2>&1; then return; fi
  ask_helm manifest get manifest "$release" --namespace "$namespace" || return 0
  if find_webhooks "$private/manifest"; then warn_of_webhooks; fi
}

# --- cluster-secret -----------------------------------------------------------------------------------

# What registry-info and the pull Secret have in common.

# ask_secret FILE NAME NAMESPACE: as the cluster has it; empty where there is none. Lines `type, type`, `immutable`,
# `last-applied`, `by, operation, field manager` and `data, key, base64`.
ask_secret() {
  template='{{"type\t"}}{{.type}}{{"\n"}}{{if .immutable}}{{"immutable\n"}}{{end}}'
  template=$template'{{with .metadata.annotations}}{{if index . "kubectl.kubernetes.io/last-applied-configuration"}}'
  template=$template'{{"last-applied\n"}}{{end}}{{end}}'
  template=$template'{{range .metadata.managedFields}}{{"by\t"}}{{.operation}}{{"\t"}}{{.manager}}{{"\n"}}{{end}}'
  template=$template$data_template
  ask_kube "$1" get secret "$2" --namespace "$3" --ignore-not-found --show-managed-fields \
    --output "go-template=$template"
}

# secret_has FILE WHAT: whether a line of it is just that.
secret_has() {
  grep -q -x -F -e "$2" "$private/$1"
}

is_applied_by_us() {
  secret_has "$1" "by${tab}Apply${tab}airgap-bundle"
}

# writers FILE [BUT]: who wrote it; nobody is named in an object whose managed fields were cleared.
writers() {
  awk -F "$tab" -v but="${2-}" '$1 == "by" && $3 != but && !seen[$3]++ { printf "%s%s", (n++ ? ", " : ""), $3 }' \
    "$private/$1"
}

# refuse_unchangeable FILE LABEL NAME NAMESPACE TYPE
refuse_unchangeable() {
  again="kubectl delete secret $3 --namespace $4; then run it again"
  if ! secret_has "$1" "type$tab$5"; then
    fail 11 "the Secret $2 has a type that cannot be changed" "$(sed -n "s/^type$tab//p" "$private/$1")" "$again" "type $5"
  fi
  if secret_has "$1" immutable; then fail 11 "the Secret $2 is immutable" 'immutable: true' "$again"; fi
}

# print_secret NAME NAMESPACE TYPE: the manifest for the `data` lines that come in.
print_secret() {
  printf 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: "%s"\n  namespace: "%s"\ntype: %s\ndata:\n' "$1" "$2" "$3"
  awk -F "$tab" '{ printf "  %s: \"%s\"\n", $2, $3 }'
}

# drop_annotation NAME NAMESPACE: it holds the whole Secret as somebody applied it, password and all, and a server-side
# apply would keep it up to date.
drop_annotation() {
  say '  removing the annotation last-applied-configuration, which holds the Secret in clear text'
  change "the annotation of the Secret $1 cannot be removed" 'see above; then run it again' \
    annotate secret "$1" --namespace "$2" kubectl.kubernetes.io/last-applied-configuration-
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
    if ! is_in_clear_text; then return; fi
    printf '{"auths":{}}\n' > "$private/registry.json"
  else
    refuse_plain_http "the push password would go to $endpoint"
    make_login push "$push_username" --push-username
    print_docker_config push > "$private/registry.json"
  fi
  registry_config=$private/registry.json
}

# make_login WHO GIVEN FLAG: USER:PASSWORD in base64, in WHO-login.b64.
make_login() {
  if grep -q ':' "$private/$1-username"; then
    fail 2 'a registry user has no colon in its name' "$2" "mend $3"
  fi
  cat "$private/$1-username" > "$private/$1-login"
  printf ':' >> "$private/$1-login"
  cat "$private/$1-password" >> "$private/$1-login"
  encode "$private/$1-login" "$private/$1-login.b64"
}

# print_docker_config WHO: base64 needs no escapes, whatever the password is.
print_docker_config() {
  printf '{"auths":{"%s":{"auth":"' "$endpoint"
  cat "$private/$1-login.b64"
  printf '"}}}'
}

# refuse_plain_http WHAT
refuse_plain_http() {
  if ! is_in_clear_text; then return; fi
  fail 2 "$1 in clear text, over plain HTTP" '' 'add --allow-plain-http-credentials if that network is trusted'
}

# Whether a password for the registry could be read on the way, and nobody has allowed that.
is_in_clear_text() {
  [ "$plain_http" = true ] && [ "$allow_plain" = no ] && ! is_loopback
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
    lacking=$((lacking + 1)) lacking_bytes=$(added "$lacking_bytes" "$size")
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

# --- helm ---------------------------------------------------------------------------------------------

helm_at() {
  if [ -n "$context" ]; then set -- --kube-context "$context" "$@"; fi
  if [ -n "$kubeconfig" ]; then set -- --kubeconfig "$kubeconfig" "$@"; fi
  act helm "$@"
}

# ask_helm FILE COMMAND…: what helm answers, in the private folder; sets `words` to what it complains of.
ask_helm() {
  answer=$private/$1
  shift
  words=
  helm_at "$@" > "$answer" 2> "$private/helm.err" && return
  helm_words
  return 1
}

# From "Error" on: what is before is warnings. A chart may name any value that it refuses.
helm_words() {
  sed -n '/^Error/,$p' "$private/helm.err" > "$private/helm.error"
  if [ ! -s "$private/helm.error" ]; then tail -n 5 "$private/helm.err" > "$private/helm.error"; fi
  words=$(without_password "$private/helm.error" | head -n 20 | cut -c 1-1000)
}

# What the chart was given of the password, line by line: itself, as Go quotes it (%q), and in base64, alone or in a
# docker config. A line that spells it in yet another way goes as a whole; lines of one and two characters are no secret
# to be found in text.
without_password() {
  if [ "$pull" = no ]; then
    cat "$1"
    return
  fi
  encode "$private/pull-password" "$private/pull-password.b64"
  { cat "$private/pull-password" && printf '\n'; } > "$private/secrets"
  for spelling in pull-password.b64 pull-login.b64 docker-config; do
    if [ -f "$private/$spelling" ]; then { cat "$private/$spelling" && printf '\n'; } >> "$private/secrets"; fi
  done
  awk '
    function hide(line, word, out, at) {
      while ((at = index(line, word))) {
        out = out substr(line, 1, at - 1) "***"
        line = substr(line, at + length(word))
      }
      return out line
    }
    function quoted(text) {
      gsub(/["\\]/, "\\\\&", text); gsub(/\t/, "\\t", text)
      return text
    }
    # Letters and digits alone, which no way to quote changes.
    function core(text) {
      gsub(/\\+(u[0-9a-f][0-9a-f][0-9a-f][0-9a-f]|x[0-9a-f][0-9a-f]|[abfnrtv])/, "", text)
      gsub(/[^A-Za-z0-9]/, "", text)
      return text
    }
    NR == FNR {
      if (length($0) < 3) next
      words[++count] = $0; words[++count] = quoted($0)
      if (length(core($0)) > 3) cores[core($0)]
      next
    }
    {
      line = $0
      for (n = 1; n <= count; n++) line = hide(line, words[n])
      for (word in cores) if (index(core(line), word)) line = "***"
      print line
    }
  ' "$private/secrets" "$1"
}

# --- installed ----------------------------------------------------------------------------------------

# The note of what is installed, a ConfigMap beside the release: `SEQUENCE VERSION DIGEST` under each bundle's name.
read_note() {
  ask_kube note get configmap airgap-bundle --namespace "$namespace" --ignore-not-found \
    --output "go-template={{\"there\n\"}}$data_template" ||
    fail 11 'what is installed cannot be read' "ConfigMap airgap-bundle in $namespace: $words" \
      'see above; then run it again'
}

# Sets `note` to missing, equal or different.
look_at_note() {
  note=different
  if [ ! -s "$private/note" ]; then
    note=missing
    need create configmaps '' "$namespace" airgap-bundle
  elif grep -q -x -F -e "data$tab$name$tab$sequence $version $inventory_digest" "$private/note"; then
    note=equal
    return
  fi
  need patch configmaps '' "$namespace" airgap-bundle
  old=$(awk -F "$tab" -v name="$name" '$2 "" == name "" { print $3; exit }' "$private/note")
  old_sequence=${old%% *} old_digest=${old##* } old_version=${old#* }
  old_version=${old_version%% *}
  if [ -z "$old" ]; then return; fi
  if ! is_of_a_bundle; then
    fail 11 'the note of what is installed cannot be read' "ConfigMap airgap-bundle in $namespace: $old" \
      'delete that ConfigMap if you know what is installed' 'SEQUENCE VERSION DIGEST'
  fi
  check_downgrade 'is installed'
}

# Whether old_sequence, old_version and old_digest are such as bundles have.
is_of_a_bundle() {
  case $old_sequence in
    '' | *[!0-9]*) return 1 ;;
  esac
  case $old_version in
    '' | *[!A-Za-z0-9._+-]*) return 1 ;;
  esac
  case $old_digest in
    sha256:*[!0-9a-f]*) return 1 ;;
    sha256:?*) return 0 ;;
  esac
  return 1
}

# Holds the bundle to old_sequence, old_version and old_digest of the one that was there before.
check_downgrade() {
  if is_less "$sequence" "$old_sequence"; then
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

# A field manager a bundle: what one manager does not say again, a server-side apply takes away.
record_bundle() {
  if [ "$dry_run" = no ] && [ "$note" = equal ]; then return; fi
  {
    printf 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: airgap-bundle\n  namespace: "%s"\n' "$namespace"
    printf 'data:\n  "%s": "%s %s %s"\n' "$name" "$sequence" "$version" "$inventory_digest"
  } > "$private/ConfigMap"
  printf '%s' "$name" > "$private/manager"
  sha256 "$private/manager"
  kube_apply ConfigMap "airgap-bundle-${sum%"${sum#????????????????}"}" airgap-bundle "$namespace"
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

# kube run|show COMMAND…: kubectl with the cluster that was asked for.
kube() {
  how=$1
  shift
  if [ -n "$context" ]; then set -- --context "$context" "$@"; fi
  if [ -n "$kubeconfig" ]; then set -- --kubeconfig "$kubeconfig" "$@"; fi
  if [ "$how" = show ]; then
    show_command kubectl "$@"
  else
    run kubectl --request-timeout="${patience:-60s}" "$@"
  fi
}

# ask_kube FILE COMMAND…: what kubectl answers, in the private folder; sets `words` to what it complains of.
ask_kube() {
  answer=$private/$1
  shift
  words=
  kube run "$@" > "$answer" 2> "$private/kubectl.err" && return
  kube_words
  return 1
}

# The warnings and the log lines of its libraries are left out.
kube_words() {
  words=$(sed -e '/^[EWI][0-9][0-9][0-9][0-9] /d' -e '/^[Ww]arning: /d' "$private/kubectl.err" | tail -n 5 |
    cut -c 1-1000)
}

# change WHAT NEXT COMMAND…: kubectl where something is changed; with --dry-run it is only printed.
change() {
  what=$1 next=$2
  shift 2
  if [ "$dry_run" = yes ]; then
    kube show "$@"
  elif ask_kube changed "$@"; then
    if [ -s "$private/changed" ]; then harmless "$(sed 's/^/  /' "$private/changed")"; fi
  else
    fail 11 "$what" "$words" "$next"
  fi
}

# A line `data, key, value` each, of a Secret or a ConfigMap.
# shellcheck disable=SC2016 # the variables are those of Go's template
data_template='{{range $key, $value := .data}}{{"data\t"}}{{$key}}{{"\t"}}{{$value}}{{"\n"}}{{end}}'

# Server-side, because a client-side apply would copy the password into an annotation.
# kube_apply FILE MANAGER NAME NAMESPACE
kube_apply() {
  change "kubectl could not apply the $1 $3 in $4" 'see above; then run it again' \
    apply --server-side --field-manager="$2" --force-conflicts --filename "$private/$1"
  if [ "$dry_run" = yes ]; then say "    with the $1 $3 in $4"; fi
}

# Context and address of the cluster that will be changed. Names go to awk by its environment: -v takes backslashes
# for escapes.
find_cluster() {
  at='(no current context)' server=
  if ! command -v kubectl > /dev/null 2>&1; then return; fi
  if ! kubectl_config; then
    fail 2 'the kubeconfig cannot be read' "${kubeconfig:-${KUBECONFIG:-~/.kube/config}}: $words" \
      'give its path by --kubeconfig'
  fi
  contexts=$(awk -F "$tab" '$1 == "context" { printf "%s%s", (n++ ? ", " : ""), $2 }' "$private/config")
  if [ -z "$context" ]; then
    at=$(awk -F "$tab" '$1 == "current" && $2 != "" { print $2; exit }' "$private/config")
    at=${at:-(no current context)}
  elif name=$context awk -F "$tab" '$1 == "context" && $2 "" == ENVIRON["name"] "" { found = 1 }
    END { exit !found }' "$private/config"; then
    at=$context
  else
    fail 2 'there is no such context' "--context $context" 'give --context one of these, or another --kubeconfig' \
      "${contexts:-a kubeconfig with a context}"
  fi
  server=$(name=$at awk -F "$tab" '
    $1 == "context" && $2 "" == ENVIRON["name"] "" { cluster = $3 }
    $1 == "cluster" && $2 "" == cluster "" { print $3; exit }' "$private/config")
}

# Without --context: that flag is what is looked for.
kubectl_config() {
  template='{{with index . "current-context"}}{{"current\t"}}{{.}}{{"\n"}}{{end}}'
  template=$template'{{range .contexts}}{{"context\t"}}{{.name}}{{"\t"}}{{.context.cluster}}{{"\n"}}{{end}}'
  template=$template'{{range .clusters}}{{"cluster\t"}}{{.name}}{{"\t"}}{{.cluster.server}}{{"\n"}}{{end}}'
  chosen=$context context='' found=0
  ask_kube config config view --output "go-template=$template" || found=1
  context=$chosen
  return "$found"
}

# One request that asks for no discovery, so that a cluster that is not there costs seconds.
reach_cluster() {
  patience=15s
  if ask_kube version get --raw /version; then
    patience=
    return
  fi
  patience=
  case $words in
    *[Ff]orbidden*) return ;;
    *Unauthorized* | *'must be logged in'* | *[Cc]redentials* | *'asked for the client to provide'*)
      fail 11 'the cluster does not accept this login' "$at $server: $words" \
        'mend the user of that context, or give another --kubeconfig or --context'
      ;;
  esac
  fail 11 'the cluster does not answer' "$at $server: $words" \
    "check --kubeconfig and --context${contexts:+ ($contexts)}, and the way to the cluster"
}

# --- left-over ----------------------------------------------------------------------------------------

# What killed runs of this user left in the temporary folder: passwords may be in there.
remove_left_over() {
  read -r _ host boot < "$private/run"
  owner=$(owner_of "$private")
  set +f
  for folder in "${private%/*}"/airgap-install.??????; do
    if [ "$folder" != "$private" ] && is_left_over; then rm -rf -- "$folder"; fi
  done
  set -f
}

# Whether the run of `folder` was killed: of this user, on this host, and its process is gone. Other hosts may share
# the temporary folder.
is_left_over() {
  [ ! -L "$folder" ] && [ "$(owner_of "$folder")" = "$owner" ] && [ -f "$folder/run" ] || return 1
  read -r old_process old_host old_boot < "$folder/run" || return 1
  [ "$old_host" = "$host" ] || return 1
  [ "$old_boot" != "$boot" ] || [ "$old_process" = "$$" ] || ! kill -0 "$old_process" 2> /dev/null
}

# What else tells an owner (stat, test -O) is another one everywhere.
# shellcheck disable=SC2012
owner_of() {
  ls -ldn -- "$1" 2> /dev/null | awk 'NR == 1 { print $3 }'
}

# Another one after each start, where the kernel tells it.
boot_of_host() {
  cat /proc/sys/kernel/random/boot_id 2> /dev/null || :
}

# --- load ---------------------------------------------------------------------------------------------

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

# --- look ---------------------------------------------------------------------------------------------

show_plan() {
  say "Bundle   $name $version, sequence $sequence, made $(setting createdAt)"
  say "         $inventory_digest"
  say "Registry $endpoint"
  show_site
  if [ "$uninstall" = yes ] || uses_cluster; then
    find_cluster
    say "Cluster  $at $server"
  fi
  if [ "$uninstall" = yes ]; then
    say 'Steps    uninstall'
  elif [ -n "$nodes" ]; then
    say 'Steps    verify, write the files for nodes'
  else
    say "Steps    verify$steps"
  fi
}

# ask QUESTION: yes only when somebody at a terminal says so.
ask() {
  if [ ! -t 0 ]; then return 1; fi
  printf '%s [y/N] ' "$(harmless "$1")"
  answer=
  read -r answer || :
  case $answer in
    y | Y | yes) return 0 ;;
  esac
  return 1
}

confirm() {
  if [ "$yes" = yes ] || [ "$dry_run" = yes ] || [ ! -t 0 ] || ! changes_anything; then return; fi
  if ask 'Go on?'; then return; fi
  say 'Nothing was changed.'
  exit 130
}

changes_anything() {
  [ "$uninstall" = yes ] || wanted load || writes_cluster
}

# All that the steps for the cluster could fail at is looked for before the first one, and before anything is loaded.
look_at_cluster() {
  missing=
  if [ "$dry_run" = yes ]; then
    if writes_cluster; then choose_pull_credential; fi
    if wanted chart; then make_docker_config; fi
    return
  fi
  reach_cluster
  need_to_look
  require_permissions
  read_cluster
  check_namespaces
  if writes_cluster; then
    look_at_note
    choose_pull_credential
  fi
  if wanted secret; then look_at_secret; fi
  if wanted chart; then look_at_chart; fi
  require_permissions
}

# The namespaces that the steps write into or read from.
namespaces() {
  if reads_secret; then printf 'jet-system\n'; fi
  if writes_cluster; then printf '%s\n' "$namespace"; fi
  if wanted chart && [ -n "$pull_secret" ]; then printf '%s\n' "$pull_secret_home"; fi
}

reads_secret() {
  wanted secret || wanted check || { wanted chart && [ -z "$username" ]; }
}

need_to_look() {
  namespaces | awk '!seen[$0]++' > "$private/homes"
  while read -r space <&3; do need get namespaces '' "$space" "$space"; done 3< "$private/homes"
  if reads_secret; then need get secrets '' jet-system registry-info; fi
  if writes_cluster; then need get configmaps '' "$namespace" airgap-bundle; fi
  if wanted chart; then
    need_for_storage list get
    if [ -n "$pull_secret" ]; then need get secrets '' "$pull_secret_home" "$pull_secret_name"; fi
  fi
}

read_cluster() {
  : > "$private/secret.now"
  # shellcheck disable=SC2046 # a name a word
  read_namespaces $(cat "$private/homes")
  if reads_secret; then read_secret; fi
  if writes_cluster; then read_note; fi
  if wanted chart; then read_release; fi
}

# --- members ------------------------------------------------------------------------------------------

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

# --- namespaces ---------------------------------------------------------------------------------------

# read_namespaces NAMESPACE…: sets `missing` to those that are not there.
read_namespaces() {
  missing=
  ask_kube namespaces get namespace "$@" --ignore-not-found --output name ||
    fail 11 'the namespaces cannot be read' "$words" 'see above; then run it again'
  for space in "$@"; do
    if ! grep -q -x -F -e "namespace/$space" "$private/namespaces"; then missing="$missing $space"; fi
  done
}

# That of our own chart is made without --create-namespace too: the chart would make it.
check_namespaces() {
  for space in $missing; do
    if [ "$create_namespace" = no ] && [ "$space" != "$pull_secret_home" ]; then
      fail 11 "the namespace $space does not exist" "$at $server" \
        'check that this is the right cluster, or add --create-namespace'
    fi
    need create namespaces '' '' ''
  done
}

# The annotation is how --uninstall knows whose a namespace is.
create_namespaces() {
  for space in $missing; do
    {
      printf 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: "%s"\n  annotations:\n' "$space"
      printf '    airgap-bundle/created-for: "%s %s"\n' "$name" "$version"
    } > "$private/Namespace"
    change "the namespace $space cannot be created" 'have it created, and run again' \
      create --filename "$private/Namespace"
  done
}

# Sets `created` to those of these namespaces that this script made.
find_created() {
  ask_kube created get namespace "$@" --ignore-not-found --output \
    'go-template={{define "one"}}{{if .metadata.annotations}}{{if index .metadata.annotations "airgap-bundle/created-for"}}{{.metadata.name}}{{"\n"}}{{end}}{{end}}{{end}}{{if eq .kind "List"}}{{range .items}}{{template "one" .}}{{end}}{{else}}{{template "one" .}}{{end}}' || :
  created=$(tr '\n' ' ' < "$private/created")
}

# --- nodes --------------------------------------------------------------------------------------------

# All that --write-nodes does: the files below nodes/, with what nodes pull with, for copying to them. They are put
# together in the private folder first, so that what fails leaves no half of them.
write_nodes() {
  list_nodes > "$private/nodes.list"
  if [ ! -s "$private/nodes.list" ]; then
    fail 2 'the bundle has no files for nodes' "no entry of the map is one that containerd's mirrors know" \
      'have the bundle made with such a map' 'an entry registry::target'
  fi
  make_node_login
  while IFS= read -r path <&3; do write_node_file "$path"; done 3< "$private/nodes.list"
  if [ "$dry_run" = yes ]; then
    while IFS= read -r path <&3; do say "  would write $nodes/${path#nodes/}"; done 3< "$private/nodes.list"
    say 'Nothing was changed (--dry-run).'
    return
  fi
  mkdir -- "$nodes" 2> "$private/nodes.err" || nodes_fault
  if ! cp -R "$private/written/." "$nodes/" 2> "$private/nodes.err"; then
    rm -rf -- "$nodes"
    nodes_fault
  fi
  say "Written to $nodes, which this user alone can read. Its README.txt says where on a node they go."
}

nodes_fault() {
  fail 10 'the folder for the nodes cannot be written' "$(cat "$private/nodes.err")" \
    'give --write-nodes a new folder in one that this user may write to'
}

list_nodes() {
  if [ -z "$site" ]; then
    awk '{ path = substr($0, 67) } index(path, "nodes/") == 1 { print path }' "$private/SHA256SUMS"
    return
  fi
  (
    set +f
    cd "$private/site"
    for path in nodes/* nodes/certs.d/* nodes/certs.d/*/*; do
      if [ -f "$path" ]; then printf '%s\n' "$path"; fi
    done
  )
}

make_node_login() {
  if [ -z "$username" ]; then
    say '  no pull credential given: nodes will pull anonymously (give --username and --password-file)'
    return
  fi
  refuse_plain_http "nodes would send the pull password to $endpoint"
  make_pull_login
}

write_node_file() {
  from=$private/site/$1
  if [ -z "$site" ]; then
    take "$1"
    from=$private/$1
  fi
  written=$private/written/${1#nodes/}
  mkdir -p "${written%/*}"
  cat "$from" > "$written"
  if [ -z "$username" ]; then return; fi
  case $1 in
    nodes/config.toml | nodes/config-path-v2.toml) print_node_auth >> "$written" ;;
    */hosts.toml) print_node_headers "$from" >> "$written" ;;
  esac
}

# Tables of TOML may stand in any order. Base64 needs no escapes, whatever the password is.
print_node_auth() {
  printf '\n[plugins."io.containerd.grpc.v1.cri".registry.configs."%s".auth]\nauth = "' "$endpoint"
  cat "$private/pull-login.b64"
  printf '"\n'
}

# print_node_headers FILE: for the server and for the host that it names, which are the same. A map may lead to other
# hosts than the endpoint too: the password is none of theirs.
print_node_headers() {
  url=$(sed -n 's/^server = "\(.*\)"$/\1/p' "$1")
  case $url in
    "https://$endpoint/"* | "http://$endpoint/"*) ;;
    *) return ;;
  esac
  for table in header "host.\"$url\".header"; do
    printf '\n[%s]\nAuthorization = "Basic ' "$table"
    cat "$private/pull-login.b64"
    printf '"\n'
  done
}

# --- numbers ------------------------------------------------------------------------------------------

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
    'blob '*) act "$oras" blob "${verb#blob }" "$@" ;;
    *) act "$oras" "$verb" "$@" ;;
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

# --- permissions --------------------------------------------------------------------------------------

# need VERB RESOURCE GROUP NAMESPACE NAME: what the chosen steps will do; the last three may be empty.
need() {
  printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$5" >> "$private/needs"
}

# Asks for all of `needs` what `kubectl auth can-i` asks for one, a SelfSubjectAccessReview each, by one kubectl:
# its own rules as a list (`--list`) leave out what other authorizers than RBAC allow.
require_permissions() {
  if [ ! -s "$private/needs" ]; then return; fi
  awk -F "$tab" '!seen[$0]++ {
    print "---\napiVersion: authorization.k8s.io/v1\nkind: SelfSubjectAccessReview\nspec:\n  resourceAttributes:"
    printf "    verb: \"%s\"\n    resource: \"%s\"\n    group: \"%s\"\n    namespace: \"%s\"\n    name: \"%s\"\n", \
      $1, $2, $3, $4, $5
  }' "$private/needs" > "$private/reviews.yaml"
  : > "$private/needs"
  template='{{with .spec.resourceAttributes}}{{.verb}} {{.resource}}{{with .group}}.{{.}}{{end}}'
  template=$template'{{with .name}} {{.}}{{end}}{{if and .namespace (ne .resource "namespaces")}} in {{.namespace}}{{end}}{{end}}'
  ask_kube reviews create --validate=false --filename "$private/reviews.yaml" \
    --output "go-template={{if not .status.allowed}}$template{{\"\\n\"}}{{end}}" ||
    fail 11 'the cluster does not tell what this login may do' "$words" 'see above; then run it again'
  if [ -s "$private/reviews" ]; then
    fail 11 'the cluster does not allow what the steps need' "$(sed 's/^/not allowed: /' "$private/reviews")" \
      'get a role with these verbs, or choose steps by --only (kubectl auth can-i VERB RESOURCE shows each)'
  fi
}

# need_for_objects FILE VERBS…: the verbs on what a manifest has. `create` is asked for without a name. Namespaces that
# are missing come from `create_namespaces`, before the chart; what helm is told to keep is not deleted.
need_for_objects() {
  objects "$1" > "$private/objects"
  shift
  ask_kube resources api-resources --no-headers || :
  while read -r api kind home object keep <&3; do
    if is_coming; then continue; fi
    set_resource "$api" "$kind"
    if [ -z "$resource" ]; then continue; fi
    if [ "$namespaced" = false ]; then home=''; fi
    for verb in "$@"; do
      case $verb$keep in
        deletekeep) ;;
        create | createkeep) need create "$resource" "$group" "$home" '' ;;
        *) need "$verb" "$resource" "$group" "$home" "$object" ;;
      esac
    done
  done 3< "$private/objects"
}

is_coming() {
  case "$kind,${missing-} " in
    Namespace,*" $object "*) return 0 ;;
  esac
  return 1
}

# need_to_drop OLD NEW: manifests; what helm deletes on the way from the one to the other.
need_to_drop() {
  objects "$2" > "$private/new-objects"
  : > "$private/dropped"
  objects "$1" | awk '
    FILENAME == ARGV[1] { new[$2, $3, $4]; next }
    !(($2, $3, $4) in new) && $5 != "keep" {
      printf "---\napiVersion: %s\nkind: %s\nmetadata:\n  namespace: %s\n  name: %s\n", $1, $2, $3, $4
    }' "$private/new-objects" - > "$private/dropped"
  need_for_objects "$private/dropped" get delete
}

# What `--wait` looks at: helm 4 at every object of the chart, kubectl and helm 3 at the workloads.
need_to_wait() {
  if [ "$wait" = no ]; then return; fi
  objects "$private/rendered" > "$private/objects"
  while read -r api kind home object _ <&3; do
    if is_coming; then continue; fi
    set_resource "$api" "$kind"
    if [ -z "$resource" ]; then continue; fi
    if [ "$namespaced" = false ]; then home=''; fi
    for verb in list watch; do
      if ! is_less "$helm_version" 4; then need "$verb" "$resource" "$group" "$home" ''; fi
      case $kind in
        Deployment | DaemonSet | StatefulSet)
          need "$verb" "$resource" "$group" "$home" ''
          need "$verb" replicasets apps "$home" ''
          need "$verb" pods '' "$home" ''
          ;;
        *) ;;
      esac
    done
  done 3< "$private/objects"
}

# set_resource API KIND: sets `resource` to its plural, empty where the cluster does not know it, `group` and `namespaced`.
set_resource() {
  group=${1%/*}
  if [ "$group" = "$1" ]; then group=''; fi
  resource=$(awk -v api="$1" -v kind="$2" '$NF == kind && $(NF - 2) == api { print $1, $(NF - 1); exit }' \
    "$private/resources")
  namespaced=${resource#* } resource=${resource% *}
}

# objects MANIFEST: a line an object, `apiVersion kind namespace name`, and `keep` behind what helm is told to keep; the
# release's namespace where it names none.
# As far as helm's own text goes: block style, a document after each `---`. Names that no cluster takes are left out.
objects() {
  awk -v home="$namespace" '
    function bare(text) {
      sub(/^[^:]*:[ \t]*/, "", text); sub(/[ \t]#.*/, "", text); gsub(/["'\'' \t\r]/, "", text)
      return text
    }
    function finish() {
      if ((api kind space name) ~ /^[A-Za-z0-9.\/:_-]+$/ && api != "" && kind != "" && name != "")
        print api, kind, (space == "" ? home : space), name keep
      api = kind = space = name = indent = keep = ""; within = 0
    }
    /^---/ { finish(); next }
    /^apiVersion:/ { api = bare($0) }
    /^kind:/ { kind = bare($0) }
    /^[^ #]/ { within = /^metadata:/; next }
    within && /^ +["'\'']?helm\.sh\/resource-policy["'\'']?: *["'\'']?keep/ { keep = " keep" }
    within && /^ +[^ #]/ {
      match($0, /^ +/)
      if (indent == "") indent = RLENGTH
      if (RLENGTH != indent) next
      if (/^ +name:/) name = bare($0)
      if (/^ +namespace:/) space = bare($0)
    }
    END { finish() }
  ' "$1"
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
  told=
  trap clean_up EXIT
  trap 'stop 129' HUP
  trap 'stop 130' INT
  trap 'stop 143' TERM
  private=$(mktemp -d "${TMPDIR:-/tmp}/airgap-install.XXXXXX") ||
    fail 10 'no temporary folder can be made' "${TMPDIR:-/tmp}" 'set TMPDIR to a folder that can be written'
  # helm splits --values and --set-file at these, and oras a layout's path at ':' and '@'.
  case $private in
    [!/]* | *[,\":@\\]*)
      fail 2 'TMPDIR must be an absolute path without any of , " : @ and backslash' "$private" \
        'set TMPDIR to another folder, such as /tmp'
      ;;
  esac
  printf '%s %s %s\n' "$$" "$(uname -n)" "$(boot_of_host)" > "$private/run"
}

# Who has not told why it ends was ended by `set -e`, at a command that failed.
clean_up() {
  if [ $? -ne 0 ] && [ -z "$told" ] && is_full; then told=full; fi
  if [ -n "$private" ]; then rm -rf -- "$private"; fi
  if [ "$told" = full ]; then fail 10 "$full" "$private" "$make_room"; fi
}

full='the temporary folder is full'
make_room='free space there, or set TMPDIR to a folder on another disk'
is_full() {
  [ -n "$private" ] && ! dd if=/dev/zero of="$private/room" bs=4096 count=1 2> /dev/null
}

stop() {
  told=signal
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
      oras | */oras) where='https://github.com/oras-project/oras/releases, 1.3.6 or newer' ;;
      helm) where='https://github.com/helm/helm/releases, 3.13 or newer' ;;
      kubectl) where='https://kubernetes.io/docs/tasks/tools, 1.22 or newer' ;;
      *) where='the packages of this host' ;;
    esac
    if [ "$dry_run" = yes ] && [ "$where" != 'the packages of this host' ]; then
      say "  missing here: $tool ($where)"
    else
      fail 3 "$tool is needed and not on PATH" '' "install it from $where"
    fi
  done
}

# --- program ------------------------------------------------------------------------------------------

# Whether bundle.js can be used here: the bundle carries it, and this host has a Node that runs it.
has_program() {
  has_node && [ -n "$(listed_sum bundle.js)" ]
}

has_node() {
  command -v node > /dev/null 2>&1 || return 1
  node -e 'const [a, b, c] = process.versions.node.split(".").map(Number);
    process.exit(a > 20 || (a === 20 && (b > 18 || (b === 18 && c > 0))) ? 0 : 1)' 2> /dev/null
}

# program act|run VERB FLAG…: bundle.js by its signed hash, on this bundle, with what it may be trusted by.
program() {
  doing=$1 verb=$2
  shift 2
  if [ ! -e "$private/package.json" ]; then
    take bundle.js
    printf '{ "type": "commonjs" }\n' > "$private/package.json"
  fi
  if [ "$allow_expired" = yes ]; then set -- "$@" --allow-expired; fi
  if [ "$allow_unsigned" = yes ]; then set -- "$@" --allow-unsigned; fi
  while IFS= read -r word <&3; do set -- --revoked "$word" "$@"; done 3< "$private/revoked"
  number=$keys
  while [ "$number" -ge 1 ]; do
    set -- --key "$private/key.$number" "$@"
    number=$((number - 1))
  done
  "$doing" node "$private/bundle.js" "$verb" "$bundle" "$@"
}

# --- pull-credential ----------------------------------------------------------------------------------

# The chart's own places for a credential, either of them or none (tables.ts).
read_pull_secret_settings() {
  pull=no
  pull_secret_key=$(setting pullSecretKey) pull_secret=$(setting pullSecret)
  pull_secret_home=${pull_secret%%/*} pull_secret_name=${pull_secret#*/}
  case $pull_secret_key,$pull_secret_home,$pull_secret_name in
    -* | *,-* | *[!A-Za-z0-9.,-]*)
      fail 5 'settings.tsv holds a name that helm and kubectl do not take' "$pull_secret_key $pull_secret" \
        'have the bundle made again'
      ;;
  esac
}

# Without --username nothing is taken away: what the cluster pulls with stays, in the Secret and in the values.
choose_pull_credential() {
  if [ -n "$username" ]; then
    pull=yes
  elif [ "$dry_run" = yes ]; then
    say '  no pull credential given: the one that the cluster has would be kept; without one, pods pull anonymously'
  else
    keep_pull_credential
    if [ -s "$private/pull-username" ] || [ -s "$private/pull-password" ]; then
      check_pull_domain
      pull=yes
      say '  keeping the pull credential that the cluster has'
    else
      say '  no pull credential given: pods will pull anonymously (give --username and --password-file)'
    fi
  fi
}

keep_pull_credential() {
  for part in username password; do take_from_secret "$part" "$private/pull-$part"; done
}

# take_from_secret KEY FILE: what the cluster's Secret has under that key, in capital letters there.
take_from_secret() {
  awk -F "$tab" -v part="$1" '$1 == "data" && $2 == toupper(part) { print $3 }' "$private/secret.now" \
    > "$private/pull.line"
  decode "$private/pull.line" "$2" ||
    fail 11 'the pull credential in the cluster is no base64' 'Secret registry-info in jet-system' \
      'give --username and --password-file'
}

# Nodes would send the password of one registry to another.
check_pull_domain() {
  if is_for_endpoint; then return; fi
  fail 11 'the pull credential that the cluster has is for another registry' \
    "Secret registry-info in jet-system, DOMAIN $(pull_domain)" \
    "give --username and --password-file for $endpoint, or delete the Secret" "DOMAIN $endpoint"
}

# Whether the cluster's Secret is for this registry; which one it names is in `pull-domain` then.
is_for_endpoint() {
  take_from_secret domain "$private/pull-domain"
  printf '%s' "$endpoint" > "$private/endpoint"
  cmp -s "$private/pull-domain" "$private/endpoint"
}

pull_domain() {
  head -n 1 "$private/pull-domain" | cut -c 1-300
}

make_pull_login() {
  make_login pull 'the user of the pull credential' --username
}

# The docker config that image-swap's own pods pull with: in the values of a chart that makes a Secret of it, or in
# the Secret that the pods of our own chart name.
make_docker_config() {
  if [ "$pull" = no ] || [ -z "$pull_secret_key$pull_secret" ]; then return; fi
  make_pull_login
  print_docker_config pull > "$private/docker-config.json"
  encode "$private/docker-config.json" "$private/docker-config"
}

read_pull_secret() {
  ask_secret pull-secret.now "$pull_secret_name" "$pull_secret_home" ||
    fail 11 "the Secret $pull_secret cannot be read" "$words" 'see above; then run it again'
}

look_at_pull_secret() {
  if ! makes_pull_secret; then return; fi
  read_pull_secret
  {
    printf 'type\tkubernetes.io/dockerconfigjson\ndata\t.dockerconfigjson\t'
    cat "$private/docker-config"
    printf '\n'
  } > "$private/pull-secret.wanted"
  grep -E "^(type|data)$tab" "$private/pull-secret.now" > "$private/pull-secret.have" || :
  pull_secret_equal=no
  if cmp -s "$private/pull-secret.have" "$private/pull-secret.wanted"; then
    pull_secret_equal=yes
    return
  fi
  if [ ! -s "$private/pull-secret.now" ]; then
    need create secrets '' "$pull_secret_home" "$pull_secret_name"
  else
    check_pull_secret_writable
  fi
  need patch secrets '' "$pull_secret_home" "$pull_secret_name"
}

# One that was made by hand may hold logins for other registries too, which would be gone.
check_pull_secret_writable() {
  refuse_unchangeable pull-secret.now "$pull_secret" "$pull_secret_name" "$pull_secret_home" kubernetes.io/dockerconfigjson
  if is_applied_by_us pull-secret.now; then return; fi
  by=$(writers pull-secret.now airgap-bundle)
  say "  the Secret $pull_secret is there, and was not written by this script${by:+, but by $by}"
  if [ "$yes" = no ] && ! ask "Write the login for $endpoint over all that it holds?"; then
    fail 11 "the Secret $pull_secret seems to be from someone else" "written ${by:+by $by, }with other logins" \
      'look whose it is; --yes writes over it, and all that it holds is gone, or delete it first' \
      "the login for $endpoint alone, or no such Secret"
  fi
}

makes_pull_secret() {
  [ -n "$pull_secret" ] && [ "$pull" = yes ]
}

apply_pull_secret() {
  if ! makes_pull_secret; then return; fi
  if [ "$dry_run" = no ] && [ "$pull_secret_equal" = yes ]; then return; fi
  say "Applying the Secret $pull_secret_name in $pull_secret_home, which the chart's pods pull with"
  {
    printf 'data\t.dockerconfigjson\t'
    cat "$private/docker-config"
    printf '\n'
  } | print_secret "$pull_secret_name" "$pull_secret_home" kubernetes.io/dockerconfigjson > "$private/Secret"
  if [ "$dry_run" = no ] && secret_has pull-secret.now last-applied; then drop_annotation "$pull_secret_name" "$pull_secret_home"; fi
  kube_apply Secret airgap-bundle "$pull_secret_name" "$pull_secret_home"
}

# --- record -------------------------------------------------------------------------------------------

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

# --- release ------------------------------------------------------------------------------------------

# The revisions of the release, the oldest first: a line each, `revision age status chart`, the age in seconds and
# the digest of the chart where one of ours says so. Sets `release_status` and so on to those of the last one; to none without.
read_release() {
  : > "$private/revisions"
  if ask_helm history history "$release" --namespace "$namespace" --max 256 --output json; then
    read_revisions
  else
    case $words in
      *'not found'*) ;;
      *) fail 11 'helm cannot tell what is installed' "$words" 'see above; then run it again' ;;
    esac
  fi
  tail -n 1 "$private/revisions" > "$private/revision"
  revision='' age='' release_status='' installed_chart=''
  read -r revision age release_status installed_chart < "$private/revision" || :
  release_status=${release_status:-none}
  good=$(awk '$3 == "deployed" { good = $1 } $3 == "superseded" { old = $1 } END { print good ? good : old }' \
    "$private/revisions")
}

# Quotes within a text are escaped: no text can pass for the beginning of a revision.
read_revisions() {
  tr '{' '\n' < "$private/history" | awk -v now="$(date -u +%Y-%m-%dT%H:%M:%SZ)" '
    function field(name, start, rest) {
      start = index($0, "\"" name "\":\"")
      if (!start) return ""
      rest = substr($0, start + length(name) + 4)
      return substr(rest, 1, index(rest, "\"") - 1)
    }
    # Seconds since 1970 of a time with an offset; the days are counted from the 1st of March.
    function seconds(time, year, month, days, offset) {
      year = substr(time, 1, 4) + 0; month = substr(time, 6, 2) + 0
      if (month < 3) { year--; month += 12 }
      days = 365 * year + int(year / 4) - int(year / 100) + int(year / 400)
      days += int((153 * (month - 3) + 2) / 5) + substr(time, 9, 2) - 1 - 719468
      if (match(time, /[+-][0-9][0-9]:[0-9][0-9]$/)) {
        offset = substr(time, RSTART + 1, 2) * 3600 + substr(time, RSTART + 4, 2) * 60
        if (substr(time, RSTART, 1) == "-") offset = -offset
      }
      return days * 86400 + substr(time, 12, 2) * 3600 + substr(time, 15, 2) * 60 + substr(time, 18, 2) - offset
    }
    /^"revision":[0-9]/ {
      match($0, /[0-9]+/)
      number = substr($0, RSTART, RLENGTH)
      about = field("description"); chart = "-"
      if (match(about, / chart sha256:[0-9a-f]+$/)) chart = substr(about, RSTART + 7)
      printf "%d %.0f %s %s\n", number, seconds(now) - seconds(field("updated")), field("status"), chart
    }
  ' > "$private/revisions"
}

# One that another helm may be at work on is left to it for five minutes, unless somebody says otherwise.
look_at_pending() {
  pending=no
  case $release_status in
    pending-* | uninstalling) ;;
    *) return ;;
  esac
  pending=yes
  say "  the release $release is $release_status since $age s, in revision $revision: a helm was stopped, or is at work"
  if [ "$yes" = yes ] || ! is_less "$age" 300 || ask "Take it over? ($(recovery))"; then return; fi
  fail 11 "another helm may be at work on the release $release" "$release_status since $age s" \
    "wait for it; after 5 minutes, or with --yes, it is taken over: $(recovery)"
}

recovery() {
  if [ "$uninstall" = yes ]; then
    printf 'helm uninstall %s' "$release"
  elif rolls_back; then
    printf 'helm rollback %s %s, then the upgrade' "$release" "$good"
  else
    printf 'helm uninstall %s, then a new install' "$release"
  fi
}

rolls_back() {
  [ "$release_status" != uninstalling ] && [ -n "$good" ]
}

recover_release() {
  if [ "$pending" = no ]; then return; fi
  say "Taking over the release $release: $(recovery)"
  if rolls_back; then
    ask_helm recovered rollback "$release" "$good" --namespace "$namespace" ||
      fail 11 "helm could not roll $release back to revision $good" "$words" 'see above; then run it again'
  else
    ask_helm recovered uninstall "$release" --namespace "$namespace" ||
      fail 11 "helm could not take the half-made release $release away" "$words" 'see above; then run it again'
  fi
}

# --- secret -------------------------------------------------------------------------------------------

read_secret() {
  ask_secret secret.now registry-info jet-system ||
    fail 11 'the Secret registry-info cannot be read' "$words" 'see above; then run it again'
}

secret_keys='DOMAIN BASE_PATH USERNAME PASSWORD INSECURE CA_CERT MIRROR_REGISTRIES'

# The seven keys as they should be.
wanted_secret() {
  if [ "$pull" = yes ]; then
    encode "$private/pull-username" "$private/secret.USERNAME"
    encode "$private/pull-password" "$private/secret.PASSWORD"
  fi
  for key in $secret_keys; do
    if [ ! -f "$private/secret.$key" ]; then setting "secret.$key" > "$private/secret.$key"; fi
    printf 'data\t%s\t' "$key"
    cat "$private/secret.$key"
    printf '\n'
  done > "$private/secret.wanted"
}

# Sets `secret` to missing, equal, annotated (equal but for the annotation) or different, and `strange` to keys that
# are not ours.
compare_secret() {
  strange=$(awk -F "$tab" -v ours=" $secret_keys " '
    $1 == "data" && !index(ours, " " $2 " ") { printf "%s%s", (n++ ? ", " : ""), $2 }' "$private/secret.now")
  if [ ! -s "$private/secret.now" ]; then
    secret=missing
  elif ! secret_has secret.now "type${tab}Opaque" ||
    ! awk 'NR == FNR { have[$0]; next } !($0 in have) { exit 1 }' "$private/secret.now" "$private/secret.wanted"; then
    secret=different
  elif secret_has secret.now last-applied; then
    secret=annotated
  else
    secret=equal
  fi
}

# What cannot be written over ends the run here, before anything is changed.
look_at_secret() {
  wanted_secret
  compare_secret
  case $secret in
    missing) need create secrets '' jet-system registry-info ;;
    equal) return ;;
    *) check_writable ;;
  esac
  warn_of_other_registry
  need patch secrets '' jet-system registry-info
}

# A site file that was forgotten, perhaps, or another cluster than was meant.
warn_of_other_registry() {
  if [ ! -s "$private/secret.now" ] || is_for_endpoint || [ ! -s "$private/pull-domain" ]; then return; fi
  say "  warning: this cluster pulls from $(pull_domain) now, and will from $endpoint"
}

check_writable() {
  refuse_unchangeable secret.now registry-info registry-info jet-system Opaque
  if [ "$secret" = annotated ] || [ -z "$strange" ]; then return; fi
  say "  the Secret registry-info has keys that are not of this bundle: $strange"
  if [ "$yes" = no ] && ! ask 'Write the seven keys, and leave those as they are?'; then
    fail 11 'the Secret registry-info seems to be from someone else' "further keys: $strange" \
      'look whose it is; --yes writes the seven keys and leaves the others, or delete it first' "$secret_keys"
  fi
}

apply_secret() {
  if [ "$dry_run" = no ] && [ "$secret" = equal ]; then
    say 'The Secret registry-info is as it should be'
    return
  fi
  say 'Applying the Secret registry-info'
  if [ "$dry_run" = yes ]; then
    wanted_secret
  elif secret_has secret.now last-applied; then
    drop_annotation registry-info jet-system
  fi
  if [ "$dry_run" = yes ] || [ "$secret" != annotated ]; then
    print_secret registry-info jet-system Opaque < "$private/secret.wanted" > "$private/Secret"
    kube_apply Secret airgap-bundle registry-info jet-system
  fi
  if [ "$dry_run" = no ]; then prove_secret; fi
  if [ "$pull" = yes ] && [ -n "$pull_secret$pull_secret_key$registry_key" ] && ! wanted chart; then
    say '  image-swap itself pulls with what the step chart gave it: --only chart brings it up to date'
  fi
}

prove_secret() {
  read_secret
  compare_secret
  case $secret in
    equal) return ;;
    annotated) what='the annotation last-applied-configuration is back on the Secret registry-info' ;;
    *) what='the Secret registry-info is not what was written' ;;
  esac
  fail 11 "$what" "writers: $(writers secret.now)" 'look who else writes it, and run again'
}

# --- settings -----------------------------------------------------------------------------------------

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

# --- site ---------------------------------------------------------------------------------------------

# With --site the tables that name the target are those of this site, derived by the program from the bundle that it
# verifies. Nothing of them is signed; which images there are, and the chart, is.
derive_site() {
  if [ "$uninstall" = yes ]; then site=''; fi
  if [ -z "$site" ]; then return; fi
  if ! has_program; then
    absent='no such Node on PATH'
    if [ -z "$(listed_sum bundle.js)" ]; then absent='no bundle.js in the bundle'; fi
    fail 3 '--site needs Node on this host and bundle.js in the bundle' "$absent" \
      'install Node, or use a bundle that was made for this target' 'Node 20.18.1 or newer, and bundle.js'
  fi
  signed_target=$(target_of_settings)
  say "Deriving what the bundle is at this site, from $site"
  program run derive --site "$site" --out "$private/site" --output json > "$private/derived" || exit "$?"
  # It has read the bundle anew, by its path.
  derived=$(sed -n 's/^  "inventoryDigest": "\(.*\)",$/\1/p' "$private/derived")
  if [ "$derived" != "$inventory_digest" ]; then
    fail 5 'the bundle was changed while it was read' "inventory ${derived:-of no digest}" 'run it again' \
      "inventory $inventory_digest"
  fi
  take_for_target settings.tsv
}

# take_for_target PATH: as `take`, but with --site what was derived.
take_for_target() {
  if [ -z "$site" ]; then take "$1"; else cat "$private/site/$1" > "$private/$1"; fi
}

# HOST/BASE PATH, from the bundle's own repository below it.
target_of_settings() {
  bundles=$(setting bundleRepository)
  bundles=$(setting endpoint)/$bundles
  printf '%s' "${bundles%/bundles/"$(setting name)"}"
}

is_at_other_registry() {
  [ -n "$site" ] && [ "${signed_target%%/*}" != "$endpoint" ]
}

show_site() {
  if [ -z "$site" ]; then return; fi
  say "         $(target_of_settings) by $site, NOT SIGNED: the bundle was made for $signed_target"
}

# --- steps --------------------------------------------------------------------------------------------

choose_steps() {
  steps=' load secret chart check '
  if [ "$environment" != airgap ]; then steps=' load secret check '; fi
  if [ -n "$nodes" ]; then steps=' '; fi
  if [ -n "$only" ]; then keep_steps "$only"; fi
  case $environment,$only, in
    airgap,*) ;;
    *,chart,*) say '  the bundle is non-airgap: it has no chart' ;;
  esac
  if [ -n "$skip" ]; then drop_steps "$skip"; fi
}

# check_step_names FLAG STEPS
check_step_names() {
  if [ -z "$2" ]; then return; fi
  rest=$2,
  while [ -n "$rest" ]; do
    step=${rest%%,*} rest=${rest#*,}
    case $step in
      load | secret | chart | check) ;;
      verify)
        if [ "$1" = --only ]; then continue; fi
        fail 2 'verifying is always done' "$1 $step" 'leave verify out' 'load, secret, chart or check'
        ;;
      *)
        fail 2 'there is no such step' "$1 ${step:-$2}" 'name one of these' 'verify, load, secret, chart or check'
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

# Who skips loading has nothing to do with the registry; who wants the check alone wants to know.
asks_registry() {
  wanted load || { wanted check && [ -n "$only" ]; }
}

uses_cluster() {
  wanted secret || wanted chart || wanted check
}

writes_cluster() {
  wanted secret || wanted chart
}

check_tools() {
  if [ "$uninstall" = yes ]; then
    require_kubectl
    if [ "$environment" = airgap ]; then require_helm; fi
    return
  fi
  if asks_registry; then choose_oras; fi
  if uses_cluster; then require_kubectl; fi
  if wanted chart; then require_helm; fi
}

# Older ones answer in another form, or have a server-side apply that is not settled.
require_kubectl() {
  require_tool kubectl
  if ! command -v kubectl > /dev/null 2>&1; then return; fi
  run kubectl version --client > "$private/kubectl.version" 2> /dev/null || :
  # From 1.28 on the version alone; before, the fields of Go's version.Info.
  found=$(sed -n -e 's/^Client Version: v\([0-9][0-9.]*\).*/\1/p' \
    -e 's/^Client Version: .*GitVersion:"v\([0-9][0-9.]*\).*/\1/p' "$private/kubectl.version")
  require_version kubectl 1.22 https://kubernetes.io/docs/tasks/tools
}

# Older ones cannot try a chart on the server.
require_helm() {
  require_tool helm
  if ! command -v helm > /dev/null 2>&1; then return; fi
  run helm version --short > "$private/helm.version" 2> /dev/null || :
  found=$(sed -n 's/^v\{0,1\}\([0-9][0-9.]*\).*/\1/p' "$private/helm.version")
  helm_version=${found%%.*}
  require_version helm 3.13 https://github.com/helm/helm/releases
}

# require_version TOOL VERSION WHERE: holds `found` to that.
require_version() {
  if is_version "$2"; then return; fi
  fail 3 "$1 is too old" "$1 ${found:-of an unknown version}" "install it from $3" "$2 or newer"
}

# --- tools --------------------------------------------------------------------------------------------

# Sets `oras`: the one of this host where it is new enough, else the one that the bundle carries for it. Who names
# one in AIRGAP_BUNDLE_ORAS, as for the program, means that one.
choose_oras() {
  oras=${AIRGAP_BUNDLE_ORAS:-oras}
  here=no
  if command -v "$oras" > /dev/null 2>&1; then here=yes; fi
  if [ "$here" = yes ]; then
    ask_oras_version
    if is_version 1.3.6; then return; fi
  fi
  if [ -z "${AIRGAP_BUNDLE_ORAS-}" ]; then find_carried oras; else carried=; fi
  if [ -n "$carried" ]; then
    take_carried_oras
  elif [ "$here" = yes ]; then
    fail 3 'oras is too old' "oras ${found:-of an unknown version}" \
      'install it from https://github.com/oras-project/oras/releases' '1.3.6 or newer'
  else
    require_tool "$oras"
  fi
}

# Sets `found` to the version, empty where it does not tell one, and `status` to how it ended.
ask_oras_version() {
  status=0
  "$oras" version > "$private/oras.version" 2> /dev/null < /dev/null || status=$?
  found=$(sed -n 's/^Version:[[:space:]]*v\{0,1\}\([0-9.]*\).*/\1/p' "$private/oras.version")
}

# find_carried TOOL: sets `carried` to where the bundle has it for this host; empty where it has none.
find_carried() {
  find_platform
  carried=tools/$platform/$1
  if [ -z "$platform" ] || [ -z "$(listed_sum "$carried")" ]; then carried=; fi
}

# Sets `platform` to `linux-amd64` and so on, in Go's words.
find_platform() {
  platform=
  case $(uname -sm 2> /dev/null) in
    'Linux x86_64') platform=linux-amd64 ;;
    'Linux aarch64' | 'Linux arm64') platform=linux-arm64 ;;
    'Linux armv'*) platform=linux-arm ;;
    'Linux i'?86) platform=linux-386 ;;
    'Linux ppc64le') platform=linux-ppc64le ;;
    'Linux s390x') platform=linux-s390x ;;
    'Linux riscv64') platform=linux-riscv64 ;;
    'Linux loongarch64') platform=linux-loong64 ;;
    'Darwin x86_64') platform=darwin-amd64 ;;
    'Darwin arm64') platform=darwin-arm64 ;;
  esac
}

# Its hash hangs on the signature before it is run.
take_carried_oras() {
  if [ "$here" = yes ]; then say '  oras is too old here: using the one that the bundle carries'; fi
  if [ "$here" = no ]; then say '  oras is not on PATH: using the one that the bundle carries'; fi
  take "$carried"
  oras=$private/$carried
  chmod 700 "$oras"
  ask_oras_version
  if is_version 1.3.6; then
    # For the program, where Node loads.
    AIRGAP_BUNDLE_ORAS=$oras
    export AIRGAP_BUNDLE_ORAS
    return
  fi
  case $status in
    126)
      fail 3 'the oras that the bundle carries cannot be run' "$oras" \
        'set TMPDIR to a folder that is not mounted noexec, or put oras on PATH' 'a folder that programs run from'
      ;;
  esac
  fail 3 'the oras that the bundle carries does not run on this host' "$carried ended with $status" \
    'put oras 1.3.6 or newer on PATH' 'a program that needs no library of this host'
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
    *//* | */./* | */../*) fail 5 'a file of the bundle would leave its folder' "$1" 'have the bundle made again' ;;
  esac
  case $1 in
    */*) mkdir -p -- "$private/${1%/*}" ;;
  esac
  wanted_sum=${2:-$(listed_sum "$1")}
  if [ -z "$wanted_sum" ]; then fail 5 "SHA256SUMS does not name $1" '' 'copy the bundle again'; fi
  member "$1" "$1" || fail 5 "$1 is not in the bundle" '' 'copy the bundle again'
  sha256 "$private/$1"
  if [ "$sum" != "$wanted_sum" ]; then
    fail 5 "$1 was changed after signing" "SHA-256 $sum" 'copy the bundle again' "SHA-256 $wanted_sum"
  fi
}

listed_sum() {
  awk -v path="$1" 'substr($0, 67) == path { print substr($0, 1, 64) }' "$private/SHA256SUMS"
}

# --- uninstall ----------------------------------------------------------------------------------------

# What this script put into the cluster, and nothing else: it is looked for first, then told, then taken away.
uninstall() {
  if [ "$dry_run" = yes ]; then
    show_uninstall
    return
  fi
  reach_cluster
  need_to_look_back
  require_permissions
  find_ours
  require_permissions
  if [ -z "$ours" ]; then
    say 'There is nothing of this script in the cluster.'
  else
    say "To be taken away:$ours"
    confirm
    take_away
    say "Done. The images stay in $endpoint."
  fi
  tell_namespaces
}

take_away() {
  if [ "$takes_release" = yes ]; then uninstall_release; fi
  if [ "$takes_lost" = yes ]; then
    delete_webhooks
    delete_leftovers
  fi
  if [ "$takes_pull_secret" = yes ]; then delete_ours secret "$pull_secret_name" "$pull_secret_home"; fi
  case $takes_secret in
    yes) delete_ours secret registry-info jet-system ;;
    keys) drop_keys ;;
    *) ;;
  esac
  if [ "$takes_note" = yes ]; then delete_ours configmap airgap-bundle "$namespace"; fi
}

show_uninstall() {
  if [ "$environment" = airgap ]; then
    say '  the MutatingWebhookConfigurations for the Services of the release go first'
    helm_at uninstall "$release" --namespace "$namespace"
    if [ -n "$pull_secret" ]; then kube show delete secret "$pull_secret_name" --namespace "$pull_secret_home"; fi
  fi
  kube show delete secret registry-info --namespace jet-system
  kube show delete configmap airgap-bundle --namespace "$namespace"
  say 'Nothing was changed (--dry-run).'
}

need_to_look_back() {
  need get secrets '' jet-system registry-info
  need get configmaps '' "$namespace" airgap-bundle
  if [ "$environment" != airgap ]; then return; fi
  need_for_storage list get
  if [ -n "$pull_secret" ]; then need get secrets '' "$pull_secret_home" "$pull_secret_name"; fi
}

find_ours() {
  ours='' takes_release=no takes_lost=no takes_secret=no takes_pull_secret=no takes_note=no pull=no
  read_note
  if [ "$environment" = airgap ]; then find_release; fi
  find_pull_secret
  find_secret
  if [ ! -s "$private/note" ]; then
    refuse_elsewhere
    return
  fi
  takes_note=yes ours="$ours${newline}  ConfigMap airgap-bundle in $namespace"
  need delete configmaps '' "$namespace" airgap-bundle
  others=$(awk -F "$tab" -v name="$name" 'NF > 2 && $2 "" != name "" { printf "%s%s", (n++ ? ", " : ""), $2 }' \
    "$private/note")
  if [ -n "$others" ]; then say "  also installed here, and undone with it: $others"; fi
}

# Without release and note here, the Secrets may be those of a release that runs in another namespace.
refuse_elsewhere() {
  if [ "$takes_release" = yes ] || [ "$environment" != airgap ]; then return; fi
  # Who may not look into all namespaces is not kept from it.
  ask_helm elsewhere list --all-namespaces --filter "^$release\$" || return 0
  elsewhere=$(awk 'NR > 1 { print $2; exit }' "$private/elsewhere")
  if [ -z "$elsewhere" ] || [ -z "$ours" ]; then return; fi
  fail 11 "the release $release is not in $namespace, but in $elsewhere" "--namespace $namespace" \
    "add --namespace $elsewhere"
}

# A release is ours when a revision of it says so, or when none was ever deployed: that is one that was stopped.
find_release() {
  read_release
  look_at_pending
  if [ "$release_status" = none ]; then
    find_lost
    return
  fi
  if [ -n "$good" ] && ! awk '$4 != "-" { found = 1 } END { exit !found }' "$private/revisions"; then
    say "The release $release in $namespace was not installed by this script: it stays (helm uninstall $release)."
    return
  fi
  takes_release=yes ours="$ours${newline}  release $release in $namespace, with its webhook"
  read_manifest manifest
  need_for_storage update delete
  need_for_objects "$private/manifest" get delete
  need list mutatingwebhookconfigurations admissionregistration.k8s.io '' ''
  require_permissions
  find_what_it_made
}

# Neither a webhook that was lost nor the note: somebody made a Secret of that name beforehand.
find_lost() {
  find_lost_webhooks
  need_to_delete_webhooks
  : > "$private/leftovers"
  if [ -s "$private/webhooks" ] || [ -s "$private/note" ]; then find_leftovers; fi
  while read -r webhook _ <&3; do
    takes_lost=yes ours="$ours${newline}  MutatingWebhookConfiguration $webhook, of a release that is gone"
  done 3< "$private/webhooks"
  while read -r kind object home <&3; do
    takes_lost=yes ours="$ours${newline}  $kind $object in $home, of a release that is gone"
  done 3< "$private/leftovers"
}

find_what_it_made() {
  find_webhooks "$private/manifest" ||
    fail 11 'the MutatingWebhookConfigurations cannot be read' "$words" 'see above; then run it again'
  need_to_delete_webhooks
  find_leftovers
}

# The webhook first: left behind it would block every pod. Looked for once more behind helm, for pods that started
# meanwhile: from then on they have no role by which to make it.
uninstall_release() {
  delete_webhooks
  delete_leftovers
  set -- uninstall "$release" --namespace "$namespace"
  if [ "$wait" = yes ]; then set -- "$@" --wait; fi
  ask_helm uninstalled "$@" || fail 11 'helm could not uninstall the release' "$words" 'see above; then run it again'
  say "  release \"$release\" uninstalled"
  find_what_it_made
  delete_webhooks
  delete_leftovers
}

# One that somebody else had made, or has changed since, stays: their pods may pull with it.
find_pull_secret() {
  if [ "$environment" != airgap ] || [ -z "$pull_secret" ]; then return; fi
  read_pull_secret
  if [ ! -s "$private/pull-secret.now" ]; then return; fi
  by=$(writers pull-secret.now airgap-bundle)
  if [ -n "$by" ] || ! is_applied_by_us pull-secret.now; then
    say "The Secret $pull_secret is not of this script alone${by:+, but written by $by}: it stays" \
      "(kubectl delete secret $pull_secret_name --namespace $pull_secret_home)."
    return
  fi
  takes_pull_secret=yes ours="$ours${newline}  Secret $pull_secret_name in $pull_secret_home"
  need delete secrets '' "$pull_secret_home" "$pull_secret_name"
}

# A Secret is ours when this script applied it, over another one too: what was there before is gone. Keys of others
# keep it; then ours alone go. One that was equal, and so was never written, is not ours.
find_secret() {
  read_secret
  if [ ! -s "$private/secret.now" ]; then return; fi
  if ! is_applied_by_us secret.now; then
    by=$(writers secret.now)
    say "The Secret registry-info was not written by this script${by:+, but by $by}: it stays."
    return
  fi
  : > "$private/secret.wanted"
  compare_secret
  if [ -z "$strange" ]; then
    takes_secret=yes ours="$ours${newline}  Secret registry-info in jet-system"
    need delete secrets '' jet-system registry-info
  else
    takes_secret=keys ours="$ours${newline}  the seven keys of the Secret registry-info in jet-system, not $strange"
    need patch secrets '' jet-system registry-info
  fi
}

# Server-side apply would leave the keys that somebody else wrote too. Without them the Secret is not ours any more.
drop_keys() {
  nothing=
  for key in $secret_keys; do nothing="$nothing${nothing:+,}\"$key\":null"; done
  change 'the keys of the Secret registry-info cannot be removed' 'see above; then run it again' \
    patch secret registry-info --namespace jet-system --type=merge \
    --patch "{\"data\":{$nothing},\"metadata\":{\"managedFields\":[{}]}}"
}

# delete_ours KIND NAME NAMESPACE
delete_ours() {
  change "the $1 $2 in $3 cannot be deleted" 'see above; then run it again' \
    delete "$1" "$2" --namespace "$3" --ignore-not-found
}

tell_namespaces() {
  # shellcheck disable=SC2086 # none when the chart has none of its own
  find_created jet-system "$namespace" $pull_secret_home
  for space in $created; do
    say "The namespace $space was made by this script, and stays (kubectl delete namespace $space)."
  done
}

# --- verify -------------------------------------------------------------------------------------------

# What a run that goes on would look at when it comes to it, where nothing else is done: every file and every blob.
verify_whole() {
  if has_program; then
    program run verify || exit "$?"
    return
  fi
  say '  reading every file and blob (without Node, all but the headers and the padding between them)'
  while IFS=' ' read -r at size what <&4; do
    case $what in
      '' | SHA256SUMS) continue ;;
      sha256:* | sha512:*) algorithm=${what%%:*} wanted_sum=${what#*:} ;;
      *) algorithm=sha256 wanted_sum=$(listed_sum "$what") ;;
    esac
    sum=$(stream "$at $size" | openssl dgst "-$algorithm" -r)
    if [ "${sum%% *}" != "$wanted_sum" ]; then
      fail 5 "$what was changed after signing" "$algorithm ${sum%% *}" \
        "copy the bundle again, and compare it with ${bundle##*/}.sha256" "$algorithm $wanted_sum"
    fi
  done 4< "$private/members"
}

# --- webhook ------------------------------------------------------------------------------------------

# The init container of image-swap makes the MutatingWebhookConfiguration, not helm. It is known by its Service, which
# is of the release. While that has nobody behind it, the cluster refuses pods, or starts them unchanged.

# find_webhooks MANIFEST: a line each in `webhooks`, `name namespace/service`.
find_webhooks() {
  objects "$1" | awk '$2 == "Service" { print $3 "/" $4 }' > "$private/services"
  find_webhooks_of_services
}

# A configuration that has another's Service or a URL too is not of the init container.
find_webhooks_of_services() {
  : > "$private/webhooks"
  if [ ! -s "$private/services" ]; then return; fi
  # shellcheck disable=SC2016 # the variables are those of Go's template
  template='{{range .items}}{{$name := .metadata.name}}{{range .webhooks}}{{$name}} '
  # shellcheck disable=SC2016
  template=$template'{{with .clientConfig.service}}{{.namespace}}/{{.name}}{{else}}-{{end}}{{"\n"}}{{end}}{{end}}'
  ask_kube all-webhooks get mutatingwebhookconfigurations --output "go-template=$template" || return 1
  awk 'FILENAME == ARGV[1] { ours[$1]; next }
    !($2 in ours) { shared[$1]; next }
    !seen[$0]++ { lines[++count] = $0; names[count] = $1 }
    END { for (n = 1; n <= count; n++) if (!(names[n] in shared)) print lines[n] }' \
    "$private/services" "$private/all-webhooks" > "$private/webhooks"
}

need_to_delete_webhooks() {
  while read -r webhook _ <&3; do
    need delete mutatingwebhookconfigurations admissionregistration.k8s.io '' "$webhook"
  done 3< "$private/webhooks"
}

# A release that is gone by other hands, or by a run that was killed behind it, leaves the webhook: it is one whose
# Service is of the bundle's chart, or of our own one, and is not there any more. A chart that cannot be rendered without
# a credential leaves it at our own.
find_lost_webhooks() {
  : > "$private/webhooks"
  with_chart ask_helm lost template || : > "$private/lost"
  objects "$private/lost" | awk '$2 == "Service" { print $3 "/" $4 }
    END { print "imageswap-system/imageswap" }' | awk '!seen[$0]++' > "$private/services.known"
  keep_lost_services && find_webhooks_of_services && return
  say "  it is not known whether a webhook was left (kubectl get mutatingwebhookconfigurations): $words"
  : > "$private/services"
  : > "$private/webhooks"
}

keep_lost_services() {
  : > "$private/services"
  while read -r service <&3; do
    ask_kube service get service "${service#*/}" --namespace "${service%/*}" --ignore-not-found --output name || return 1
    if [ ! -s "$private/service" ]; then printf '%s\n' "$service" >> "$private/services"; fi
  done 3< "$private/services.known"
}

warn_of_webhooks() {
  while read -r webhook service <&3; do
    ask_kube endpoints get endpointslices --namespace "${service%/*}" \
      --selector "kubernetes.io/service-name=${service#*/}" --output \
      'go-template={{range .items}}{{range .endpoints}}{{if .conditions.ready}}ready{{"\n"}}{{end}}{{end}}{{end}}' ||
      continue
    if [ -s "$private/endpoints" ]; then continue; fi
    say "  warning: the webhook $webhook is registered, but nothing is ready behind its Service $service:"
    say '    in the namespaces that it is for, pods are refused or not swapped until its own pods run'
    say "    (kubectl get pods --namespace ${service%/*}); kubectl delete mutatingwebhookconfiguration $webhook lifts it"
  done 3< "$private/webhooks"
}

# Those that find_webhooks found.
delete_webhooks() {
  while read -r webhook _ <&3; do
    change "the MutatingWebhookConfiguration $webhook cannot be deleted" 'see above; then run it again' \
      delete mutatingwebhookconfiguration "$webhook" --ignore-not-found
  done 3< "$private/webhooks"
}

# What else the init container leaves: the key of the webhook's certificate, and the request for it.
find_leftovers() {
  : > "$private/leftovers"
  awk -F / '!seen[$1]++ { print $1 }' "$private/services" > "$private/homes"
  while read -r home <&3; do
    find_leftover secret '' "$home" imageswap-tls
    find_leftover certificatesigningrequest certificates.k8s.io '' "imageswap.$home.cert-request"
  done 3< "$private/homes"
}

# find_leftover KIND GROUP NAMESPACE NAME. A login that may not read it may go on: the helm release alone is worth taking
# away. What is there must be deletable before the first thing is deleted.
find_leftover() {
  ask_kube leftover get "$1" "$4" --namespace "$home" --ignore-not-found --output name ||
    say "  it is not known whether there is a $1 $4 in $home: $words"
  if [ ! -s "$private/leftover" ]; then return; fi
  need delete "${1}s" "$2" "$3" "$4"
  printf '%s %s %s\n' "$1" "$4" "$home" >> "$private/leftovers"
}

delete_leftovers() {
  while read -r kind object home <&3; do
    change "the $kind $object cannot be deleted" 'see above; then run it again' \
      delete "$kind" "$object" --namespace "$home" --ignore-not-found
  done 3< "$private/leftovers"
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

# fail CODE WHAT [GIVEN [NEXT [EXPECTED]]]. On a full disk any step may fail at what it could not write.
fail() {
  if [ "$1" -ne 10 ] && is_full; then set -- 10 "$full" "$private" "$make_room"; fi
  told=error
  harmless "error: $2" >&2
  detail given: "${3-}"
  detail expected: "${5-}"
  detail next: "${4-}"
  exit "$1"
}

# Further lines of a value stand below its first: none can pass for a line of ours. In a trap a `return` alone would
# give the status from before it.
detail() {
  case $2 in
    '') return 0 ;;
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
