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
