show_plan() {
  say "Bundle   $name $version, sequence $sequence, made $(setting createdAt)"
  say "         $inventory_digest"
  say "Registry $endpoint"
  show_site
  if [ "$uninstall" = yes ] || uses_cluster; then
    find_cluster
    say "Cluster  $at $server"
  fi
  if [ "$uninstall" = yes ]; then
    say 'Steps    uninstall'
  elif [ -n "$nodes" ]; then
    say 'Steps    verify, write the files for nodes'
  else
    say "Steps    verify$steps"
  fi
}

# ask QUESTION: yes only when somebody at a terminal says so.
ask() {
  if [ ! -t 0 ]; then return 1; fi
  printf '%s [y/N] ' "$(harmless "$1")"
  answer=
  read -r answer || :
  case $answer in
    y | Y | yes) return 0 ;;
  esac
  return 1
}

confirm() {
  if [ "$yes" = yes ] || [ "$dry_run" = yes ] || [ ! -t 0 ] || ! changes_anything; then return; fi
  if ask 'Go on?'; then return; fi
  say 'Nothing was changed.'
  exit 130
}

changes_anything() {
  [ "$uninstall" = yes ] || wanted load || writes_cluster
}

# All that the steps for the cluster could fail at is looked for before the first one, and before anything is loaded.
look_at_cluster() {
  missing=
  if [ "$dry_run" = yes ]; then
    if writes_cluster; then choose_pull_credential; fi
    if wanted chart; then make_docker_config; fi
    return
  fi
  reach_cluster
  need_to_look
  require_permissions
  read_cluster
  check_namespaces
  if writes_cluster; then
    look_at_note
    choose_pull_credential
  fi
  if wanted secret; then look_at_secret; fi
  if wanted chart; then look_at_chart; fi
  require_permissions
}

# The namespaces that the steps write into or read from.
namespaces() {
  if reads_secret; then printf 'jet-system\n'; fi
  if writes_cluster; then printf '%s\n' "$namespace"; fi
  if wanted chart && [ -n "$pull_secret" ]; then printf '%s\n' "$pull_secret_home"; fi
}

reads_secret() {
  wanted secret || wanted check || { wanted chart && [ -z "$username" ]; }
}

need_to_look() {
  namespaces | awk '!seen[$0]++' > "$private/homes"
  while read -r space <&3; do need get namespaces '' "$space" "$space"; done 3< "$private/homes"
  if reads_secret; then need get secrets '' jet-system registry-info; fi
  if writes_cluster; then need get configmaps '' "$namespace" airgap-bundle; fi
  if wanted chart; then
    need_for_storage list get
    if [ -n "$pull_secret" ]; then need get secrets '' "$pull_secret_home" "$pull_secret_name"; fi
  fi
}

read_cluster() {
  : > "$private/secret.now"
  # shellcheck disable=SC2046 # a name a word
  read_namespaces $(cat "$private/homes")
  if reads_secret; then read_secret; fi
  if writes_cluster; then read_note; fi
  if wanted chart; then read_release; fi
}
