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
