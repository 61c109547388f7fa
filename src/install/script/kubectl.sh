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
