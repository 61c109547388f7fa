# The chart's own places for a credential, either of them or none (tables.ts).
read_pull_secret_settings() {
  pull=no
  pull_secret_key=$(setting pullSecretKey) pull_secret=$(setting pullSecret)
  pull_secret_home=${pull_secret%%/*} pull_secret_name=${pull_secret#*/}
  case $pull_secret_key,$pull_secret_home,$pull_secret_name in
    -* | *,-* | *[!A-Za-z0-9.,-]*)
      fail 5 'settings.tsv holds a name that helm and kubectl do not take' "$pull_secret_key $pull_secret"
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
  take_from_secret domain "$private/pull-domain"
  printf '%s' "$endpoint" > "$private/endpoint"
  if cmp -s "$private/pull-domain" "$private/endpoint"; then return; fi
  fail 11 'the pull credential that the cluster has is for another registry' \
    "Secret registry-info in jet-system, DOMAIN $(head -n 1 "$private/pull-domain" | cut -c 1-300)" \
    "give --username and --password-file for $endpoint, or delete the Secret" "DOMAIN $endpoint"
}

# USER:PASSWORD in base64.
make_pull_login() {
  if grep -q ':' "$private/pull-username"; then
    fail 2 'a registry user has no colon in its name' 'the user of the pull credential' 'mend --username'
  fi
  cat "$private/pull-username" > "$private/pull-login"
  printf ':' >> "$private/pull-login"
  cat "$private/pull-password" >> "$private/pull-login"
  encode "$private/pull-login" "$private/pull-login.b64"
}

# The docker config that image-swap's own pods pull with: in the values of a chart that makes a Secret of it, or in
# the Secret that the pods of our own chart name.
make_docker_config() {
  if [ "$pull" = no ] || [ -z "$pull_secret_key$pull_secret" ]; then return; fi
  make_pull_login
  {
    printf '{"auths":{"%s":{"auth":"' "$endpoint"
    cat "$private/pull-login.b64"
    printf '"}}}'
  } > "$private/docker-config.json"
  encode "$private/docker-config.json" "$private/docker-config"
}

# Lines `type, type`, `data, key, base64` and `by, operation, field manager`.
read_pull_secret() {
  template='{{"type\t"}}{{.type}}{{"\n"}}{{if .immutable}}{{"immutable\n"}}{{end}}'
  template=$template'{{with .metadata.annotations}}{{if index . "kubectl.kubernetes.io/last-applied-configuration"}}'
  template=$template'{{"last-applied\n"}}{{end}}{{end}}'
  template=$template'{{range .metadata.managedFields}}{{"by\t"}}{{.operation}}{{"\t"}}{{.manager}}{{"\n"}}{{end}}'
  template=$template$data_template
  ask_kube pull-secret.now get secret "$pull_secret_name" --namespace "$pull_secret_home" --ignore-not-found \
    --show-managed-fields --output "go-template=$template" ||
    fail 11 "the Secret $pull_secret cannot be read" "$words" 'see above; then run it again'
}

pull_secret_has() {
  grep -q -x -F -e "$1" "$private/pull-secret.now"
}

# Who wrote it beside this script.
pull_secret_writers() {
  awk -F "$tab" '$1 == "by" && $3 != "airgap-bundle" && !seen[$3]++ { printf "%s%s", (n++ ? ", " : ""), $3 }' \
    "$private/pull-secret.now"
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
  again="kubectl delete secret $pull_secret_name --namespace $pull_secret_home; then run it again"
  if ! pull_secret_has "type${tab}kubernetes.io/dockerconfigjson"; then
    fail 11 "the Secret $pull_secret has a type that cannot be changed" \
      "$(sed -n "s/^type$tab//p" "$private/pull-secret.now")" "$again" 'type kubernetes.io/dockerconfigjson'
  fi
  if pull_secret_has immutable; then fail 11 "the Secret $pull_secret is immutable" 'immutable: true' "$again"; fi
  if pull_secret_has "by${tab}Apply${tab}airgap-bundle"; then return; fi
  by=$(pull_secret_writers)
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
  if [ "$dry_run" = no ] && pull_secret_has last-applied; then drop_annotation "$pull_secret_name" "$pull_secret_home"; fi
  kube_apply Secret airgap-bundle "$pull_secret_name" "$pull_secret_home"
}
