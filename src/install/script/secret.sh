# The Secret as the cluster has it: lines `what, value` or `data, key, base64`.
read_secret() {
  template='{{"type\t"}}{{.type}}{{"\n"}}{{if .immutable}}{{"immutable\n"}}{{end}}'
  template=$template'{{with .metadata.annotations}}{{if index . "kubectl.kubernetes.io/last-applied-configuration"}}'
  template=$template'{{"last-applied\n"}}{{end}}{{end}}'
  template=$template'{{range .metadata.managedFields}}{{.operation}}{{"\t"}}{{.manager}}{{"\n"}}{{end}}'
  template=$template$data_template
  ask_kube secret.now get secret registry-info --namespace jet-system --ignore-not-found --show-managed-fields \
    --output "go-template=$template" ||
    fail 11 'the Secret registry-info cannot be read' "$words" 'see above; then run it again'
}

# secret_has WHAT: whether a line of it is just that.
secret_has() {
  grep -q -x -F -e "$1" "$private/secret.now"
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
  elif ! secret_has "type${tab}Opaque" ||
    ! awk 'NR == FNR { have[$0]; next } !($0 in have) { exit 1 }' "$private/secret.now" "$private/secret.wanted"; then
    secret=different
  elif secret_has last-applied; then
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
  if [ ! -s "$private/secret.now" ]; then return; fi
  take_from_secret domain "$private/pull-domain"
  printf '%s' "$endpoint" > "$private/endpoint"
  if [ ! -s "$private/pull-domain" ] || cmp -s "$private/pull-domain" "$private/endpoint"; then return; fi
  say "  warning: this cluster pulls from $(head -n 1 "$private/pull-domain" | cut -c 1-300) now, and will from $endpoint"
}

check_writable() {
  again='kubectl delete secret registry-info --namespace jet-system; then run it again'
  if ! secret_has "type${tab}Opaque"; then
    fail 11 'the Secret registry-info has a type that cannot be changed' \
      "$(awk -F "$tab" '$1 == "type" { print $2 }' "$private/secret.now")" "$again" 'type Opaque'
  fi
  if secret_has immutable; then
    fail 11 'the Secret registry-info is immutable' 'immutable: true' "$again"
  fi
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
  elif secret_has last-applied; then
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

prove_secret() {
  read_secret
  compare_secret
  case $secret in
    equal) return ;;
    annotated) what='the annotation last-applied-configuration is back on the Secret registry-info' ;;
    *) what='the Secret registry-info is not what was written' ;;
  esac
  fail 11 "$what" "writers: $(writers)" 'look who else writes it, and run again'
}

# Who wrote it; nobody is named in an object whose managed fields were cleared.
writers() {
  awk -F "$tab" '$1 == "Apply" || $1 == "Update" { if (!seen[$2]++) printf "%s%s", (n++ ? ", " : ""), $2 }' \
    "$private/secret.now"
}
