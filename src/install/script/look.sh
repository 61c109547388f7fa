show_plan() {
  say "Bundle   $name $version, sequence $sequence, made $(setting createdAt)"
  say "         $inventory_digest"
  say "Registry $endpoint"
  if [ "$uninstall" = yes ] || uses_cluster; then show_cluster; fi
  if [ "$uninstall" = yes ]; then say 'Steps    uninstall'; else say "Steps    verify$steps"; fi
}

show_cluster() {
  at=$context
  if [ -z "$at" ]; then at=$(kube run config current-context 2> /dev/null) || at='(no current context)'; fi
  server=$(kube run config view --minify --output 'jsonpath={.clusters[0].cluster.server}' 2> /dev/null) || server=
  say "Cluster  $at $server"
}

confirm() {
  if [ "$yes" = yes ] || [ "$dry_run" = yes ] || [ ! -t 0 ]; then return; fi
  printf 'Go on? [y/N] '
  answer=
  read -r answer || :
  case $answer in
    y | Y | yes) ;;
    *)
      say 'Nothing was changed.'
      exit 130
      ;;
  esac
}

look_at_cluster() {
  if [ "$dry_run" = no ]; then
    need_namespace jet-system
    need_namespace "$namespace"
    check_installed
  fi
  if wanted secret || wanted chart; then choose_pull_credential; fi
}

need_namespace() {
  found=$(kube run get namespace "$1" --ignore-not-found --output name < /dev/null) ||
    fail 11 'the cluster does not answer' '' 'check --kubeconfig and --context, and that you may read namespaces'
  if [ -n "$found" ]; then return; fi
  if [ "$create_namespace" = no ]; then
    fail 11 "the namespace $1 does not exist" "$server" \
      'check that this is the right cluster, or add --create-namespace'
  fi
  kube run create namespace "$1" < /dev/null ||
    fail 11 "the namespace $1 cannot be created" '' 'have it created, and run again'
}
