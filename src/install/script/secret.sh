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
