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
