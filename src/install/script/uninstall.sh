uninstall() {
  if [ "$environment" = airgap ]; then uninstall_chart; fi
  delete_secret
  kube "$mode" delete configmap airgap-bundle --namespace "$namespace" --ignore-not-found < /dev/null ||
    fail 11 'the note of this install cannot be deleted' "ConfigMap airgap-bundle in $namespace" 'run it again'
  if [ "$dry_run" = yes ]; then
    say 'Nothing was changed (--dry-run).'
  else
    say "Done. The images stay in $endpoint."
  fi
}

uninstall_chart() {
  if [ "$dry_run" = no ]; then
    helm_at list --short --filter "^$release\$" --namespace "$namespace" > "$private/releases" ||
      fail 11 'helm cannot list the releases' '' 'check that you may read the Secrets in the namespace'
    if [ ! -s "$private/releases" ]; then
      say "There is no release $release in $namespace."
      return
    fi
  fi
  helm_at uninstall "$release" --namespace "$namespace" ||
    fail 11 'helm could not uninstall the chart' '' "helm status $release --namespace $namespace shows its state"
}

# Only a Secret that this script wrote last goes; one that the page's `kubectl create` made is not ours.
delete_secret() {
  writers=' airgap-bundle '
  if [ "$dry_run" = no ]; then
    writers=$(kube run get secret registry-info --namespace jet-system --ignore-not-found --show-managed-fields \
      --output 'jsonpath={.metadata.managedFields[*].manager}' < /dev/null) ||
      fail 11 'the Secret registry-info cannot be read' '' 'check that you may read it in jet-system'
  fi
  case " $writers " in
    *' airgap-bundle '*)
      kube "$mode" delete secret registry-info --namespace jet-system < /dev/null ||
        fail 11 'the Secret registry-info cannot be deleted' '' 'check that you may delete it in jet-system'
      ;;
    '  ') say 'There is no Secret registry-info.' ;;
    *) say "The Secret registry-info was not written by this script ($writers): it stays." ;;
  esac
}
