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
