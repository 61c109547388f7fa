install_chart() {
  say "Installing the chart as $release in $namespace"
  set -- upgrade --install "$release" "$private/$chart" --namespace "$namespace" --values "$private/values.yaml"
  if [ "$pull" = yes ]; then
    set -- "$@" --set-file "$registry_key.username=$private/pull-username"
    set -- "$@" --set-file "$registry_key.password=$private/pull-password"
  fi
  if [ "$wait" = yes ]; then set -- "$@" --wait; fi
  helm_at "$@" || fail 11 'helm could not install the chart' '' \
    "helm status $release --namespace $namespace shows its state; a pending one needs helm rollback or uninstall"
}

helm_at() {
  if [ -n "$context" ]; then set -- --kube-context "$context" "$@"; fi
  if [ -n "$kubeconfig" ]; then set -- --kubeconfig "$kubeconfig" "$@"; fi
  act helm "$@"
}
