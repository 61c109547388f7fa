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
