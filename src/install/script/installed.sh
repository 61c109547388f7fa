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
